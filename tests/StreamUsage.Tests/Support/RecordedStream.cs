using System.Text.Json;

namespace StreamUsage.Tests.Support;

/// <summary>A recorded response body and the values that a correct reader finds in it.</summary>
public sealed record RecordedStream(string Format, string Name, string BodyPath, string ExpectedPath)
{
    public byte[] Body => File.ReadAllBytes(BodyPath);

    public ExpectedValues Expected
    {
        get
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(ExpectedPath));
            return document.RootElement.GetProperty("expected").Deserialize<ExpectedValues>(JsonOptions)!;
        }
    }

    /// <summary>Whether the body is what a provider has sent, and one answer: not shortened, put together or made up.</summary>
    public bool IsAsServed
    {
        get
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(ExpectedPath));
            return document.RootElement.GetProperty("framing").GetString() is "verbatim" or "reframed"
                && System.Text.RegularExpressions.Regex.Count(File.ReadAllText(BodyPath), "\"type\": ?\"(message_start|response.created)\"") <= 1;
        }
    }

    public ApiFormat ApiFormat => Format switch { "anthropic-messages" => ApiFormat.Claude, "gemini" => ApiFormat.Gemini, _ => ApiFormat.OpenAI };

    private static JsonSerializerOptions JsonOptions { get; } = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static IReadOnlyList<RecordedStream> All(params ReadOnlySpan<string> formats)
    {
        var streams = new List<RecordedStream>();
        foreach (string format in formats)
        {
            if (SharedFiles.Directory("corpus", format) is { } folder)
            {
                streams.AddRange(Directory.GetFiles(folder, "*.sse").Order(StringComparer.Ordinal)
                    .Select(body => new RecordedStream(format, Path.GetFileNameWithoutExtension(body), body, Path.ChangeExtension(body, ".json"))));
            }
        }

        return streams;
    }

    public override string ToString() => $"{Format}/{Name}";
}

/// <summary>The <c>expected</c> object beside a recorded stream.</summary>
public sealed record ExpectedValues
{
    public long? InputTokens { get; init; }

    public long? CacheReadInputTokens { get; init; }

    public long? CacheCreationInputTokens { get; init; }

    public long? OutputTokens { get; init; }

    public long? ReasoningTokens { get; init; }

    public bool HasProviderUsage { get; init; }

    public string? ResponseId { get; init; }

    public string? Model { get; init; }

    public string? StopReason { get; init; }

    public bool Completed { get; init; }

    public string? Error { get; init; }

    public string? Text { get; init; }

    public long DataEvents { get; init; }

    public IReadOnlyList<ExpectedToolCall> ToolCalls { get; init; } = [];
}

/// <summary>A call of the client's own tools; its arguments are canonical JSON: keys sorted, no spaces.</summary>
public sealed record ExpectedToolCall(string Name, string Arguments);
