using System.Text;

namespace StreamUsage.Tests.Support;

/// <summary>Bodies tracked with capture, and short ways to what was kept.</summary>
internal static class Captured
{
    /// <summary>The record of a body in pieces of a length.</summary>
    public static async Task<UsageRecord> RecordAsync(byte[] body, StreamUsageOptions options,
        UsageContext? context = null, int pieceLength = int.MaxValue, bool cutOnce = false, TrackedResponse? response = null)
    {
        await using var tracker = new UsageTracker(new RecordingSink(), options);
        await using Stream tracked =
            tracker.Track(new PiecewiseStream(body, pieceLength, cutOnce), context ?? Track.Nothing, out UsageTracking tracking, response);
        await tracked.CopyToAsync(Stream.Null);
        return await tracking.Completion;
    }

    public static async Task<CapturedResponse> ResponseAsync(
        string body, CapturedContent content = CapturedContent.Message, long? maxBytes = null, int pieceLength = int.MaxValue)
    {
        var options = new StreamUsageOptions { Capture = content };
        options.MaxCapturedBytes = maxBytes ?? options.MaxCapturedBytes;
        return (await RecordAsync(Encoding.UTF8.GetBytes(body), options, pieceLength: pieceLength)).Response!;
    }

    public static async Task<AssistantMessage> MessageAsync(params string[] data) => (await ResponseAsync(ReadBody.Sse(data))).Message!;

    /// <summary>A block a line, for tables: <c>choice type (name id) text | input | signature</c>, what is null left
    /// out.</summary>
    public static string[] Lines(this AssistantMessage message) => [.. message.Content.Select(Line)];

    private static string Line(ContentBlock block)
    {
        string?[] parts =
        [
            block.ChoiceIndex == 0 ? null : $"[{block.ChoiceIndex}]", block.Type, block.ToolName,
            block.ToolUseId is { } id ? $"#{id}" : null, block.Text is { } text ? $"'{text}'" : null, block.InputJson,
            block.Signature is { } signature ? $"signed {signature}" : null,
        ];
        return string.Join(' ', parts.Where(part => part is not null));
    }
}
