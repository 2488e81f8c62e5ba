using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using FluentAssertions.Execution;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Conformance;

/// <summary>Small bodies after public reports of what servers really send, each with the values that are right: whole
/// and byte by byte, with the format named and found.</summary>
public sealed class FieldReportTests
{
    public static TheoryData<string> Cases()
    {
        var data = new TheoryData<string>();
        string[] folders = SharedFiles.Directory("data", "field-reports") is { } root ? Directory.GetDirectories(root) : [];
        foreach (string folder in folders.Order(StringComparer.Ordinal))
        {
            data.Add(Path.GetFileName(folder));
        }

        if (data.Count == 0)
        {
            data.Add("");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_field_report_is_read_as_is_right_whole_and_byte_by_byte(string name)
    {
        string folder = SharedFiles.Require("data", "field-reports", name);
        using JsonDocument document =
            JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(folder, "case.json"), TestContext.Current.CancellationToken));
        byte[] body = await File.ReadAllBytesAsync(Directory.GetFiles(folder, "input.*").Single(), TestContext.Current.CancellationToken);
        foreach (int pieceLength in (int[])[body.Length, 1])
        {
            foreach (ApiFormat format in (ApiFormat[])[new ApiFormat(document.RootElement.GetProperty("format").GetString()!),
                ApiFormat.Auto])
            {
                UsageRecord record = await ReadAsync(document.RootElement, body, pieceLength, format);
                using var scope = new AssertionScope($"{name} in pieces of {pieceLength} as {format.Name}");
                Verify(record, document.RootElement.GetProperty("expect"));
            }
        }
    }

    private static async Task<UsageRecord> ReadAsync(JsonElement report, byte[] body, int pieceLength, ApiFormat format)
    {
        await using var tracker = new UsageTracker(new RecordingSink());
        using var response = new HttpResponseMessage((HttpStatusCode)report.GetProperty("status")
            .GetInt32())
        { Content = new StreamContent(new PiecewiseStream(body, pieceLength)) };
        response.Content.Headers.TryAddWithoutValidation("Content-Type", report.GetProperty("contentType").GetString());
        string request = report.TryGetProperty("request", out JsonElement sent) ? sent.GetString()! : "";
        UsageTracking tracking =
            response.TrackUsage(tracker, new UsageContext { ApiFormat = format, RequestBody = Encoding.UTF8.GetBytes(request) });
        await using Stream content = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        bool isAborted = report.TryGetProperty("abort", out JsonElement abort) && abort.ValueKind != JsonValueKind.False;
        var buffer = new byte[body.Length];
        int seen = 0;
        for (int length = 1; length != 0 && (!isAborted || seen < body.Length); seen += length)
        {
            length = await content.ReadAsync(buffer, TestContext.Current.CancellationToken);
            buffer.AsSpan(0, length).SequenceEqual(body.AsSpan(seen, length)).Should().BeTrue();
        }

        await content.DisposeAsync();
        return await tracking.Completion;
    }

    private static void Verify(UsageRecord record, JsonElement expected)
    {
        foreach (JsonProperty member in expected.EnumerateObject())
        {
            string? actual = member.Name switch
            {
                "input" => Text(record.Usage.InputTokens),
                "cacheRead" => Text(record.Usage.CacheReadInputTokens),
                "cacheCreation" => Text(record.Usage.CacheCreationInputTokens),
                "output" => Text(record.Usage.OutputTokens),
                "reasoning" => record.Usage.ReasoningTokens is { } reasoning ? Text(reasoning) : null,
                "inputSource" => record.InputSource.ToString(),
                "outputSource" => record.OutputSource.ToString(),
                "outcome" => record.Outcome.ToString(),
                "statusCode" => Text(record.StatusCode),
                "stop" => record.StopReason,
                "protocol" => record.Protocol,
                "errorType" => record.ErrorType,
                "errorMessage" => record.ErrorMessage,
                "cost" => record.ReportedCost?.ToString(CultureInfo.InvariantCulture),
                "chars" => Text(record.OutputCharacters),
                "id" => record.ResponseId,
                "model" => record.ResponseModel,
                _ => throw new InvalidDataException($"Not a member of a record that is compared: {member.Name}"),
            };
            actual.Should().Be(
                member.Value.ValueKind == JsonValueKind.Null ? null : member.Value.ToString(), "this is its {0}", member.Name);
        }
    }

    private static string Text(long count) => count.ToString(CultureInfo.InvariantCulture);
}
