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

    /// <summary>The format that speaks the body: where an invoked model has its own protocol, that
    /// protocol's.</summary>
    public ApiFormat ApiFormat => Protocol switch
    {
        "anthropic-messages" => ApiFormat.Claude,
        "gemini" or "gemini-interactions" => ApiFormat.Gemini,
        "bedrock-converse" or "bedrock-invoke" => ApiFormat.Bedrock,
        "cohere-chat" => ApiFormat.Cohere,
        _ => ApiFormat.OpenAI,
    };

    /// <summary>What <see cref="UsageRecord.Protocol"/> is to be.</summary>
    public string Protocol => (Format, Format == "bedrock-invoke" ? Dialect : null) switch
    {
        ("cohere-chat-v1", _) => "cohere-chat",
        ("openai-transcription", _) => "openai-audio",
        ("bedrock-invoke", "anthropic") => "anthropic-messages",
        ("bedrock-invoke", "nova") => "bedrock-converse",
        _ => Format,
    };

    /// <summary>The body's content type.</summary>
    public string ContentType => Path.GetExtension(BodyPath) switch
    {
        ".sse" => "text/event-stream; charset=utf-8",
        ".bin" => "application/vnd.amazon.eventstream",
        ".ndjson" => "application/stream+json",
        _ => "application/json",
    };

    /// <summary>Whether the body is one JSON document, not a stream.</summary>
    public bool IsWhole => Path.GetExtension(BodyPath) == ".body";

    /// <summary>Whether the body is no text.</summary>
    public bool IsBinary => Path.GetExtension(BodyPath) == ".bin";

    private string? Dialect
    {
        get
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(ExpectedPath));
            return document.RootElement.GetProperty("dialect").GetString();
        }
    }

    /// <summary>Whether the body is what a provider has sent, and one answer: not shortened, put together or made
    /// up.</summary>
    public bool IsAsServed
    {
        get
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(ExpectedPath));
            return document.RootElement.GetProperty("framing").GetString() is "verbatim" or "reframed"
                && System.Text.RegularExpressions.Regex
                    .Count(File.ReadAllText(BodyPath), "\"type\": ?\"(message_start|response.created)\"") <= 1;
        }
    }

    private static JsonSerializerOptions JsonOptions { get; } = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static string[] Framings => [".sse", ".bin", ".ndjson", ".body"];

    public static IReadOnlyList<RecordedStream> All(params ReadOnlySpan<string> formats)
    {
        var streams = new List<RecordedStream>();
        foreach (string format in formats)
        {
            if (SharedFiles.Directory("corpus", format) is { } folder)
            {
                streams.AddRange(Directory.GetFiles(folder, "*.sse").Order(StringComparer.Ordinal)
                    .Select(body => new RecordedStream(
                        format, Path.GetFileNameWithoutExtension(body), body, Path.ChangeExtension(body, ".json"))));
            }
        }

        return streams;
    }

    /// <summary>All bodies, whatever their framing: streams of events, JSON lines, event streams and whole
    /// documents.</summary>
    public static IReadOnlyList<RecordedStream> Bodies(params ReadOnlySpan<string> formats)
    {
        var bodies = new List<RecordedStream>();
        foreach (string format in formats)
        {
            if (SharedFiles.Directory("corpus", format) is { } folder)
            {
                foreach (string expected in Directory.GetFiles(folder, "*.json").Order(StringComparer.Ordinal))
                {
                    string body = Framings.Select(extension => Path.ChangeExtension(expected, extension)).First(File.Exists);
                    bodies.Add(new RecordedStream(format, Path.GetFileNameWithoutExtension(expected), body, expected));
                }
            }
        }

        return bodies;
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

    public IReadOnlyDictionary<string, long>? BilledUnits { get; init; }

    public IReadOnlyDictionary<string, long>? Details { get; init; }

    public decimal? DurationSeconds { get; init; }
}

/// <summary>A call of the client's own tools; its arguments are canonical JSON: keys sorted, no spaces.</summary>
public sealed record ExpectedToolCall(string Name, string Arguments);
