using System.Net;
using System.Net.Http.Headers;
using System.Text;
using CustomParser;
using StreamUsage;

// What the provider would send.
const string Body = """
    event: hello
    data: {"conversation":"p-7","parrot":"polly-2"}

    event: squawk
    data: {"words":"Pieces of "}

    event: squawk
    data: {"words":"eight!"}

    event: bill
    data: {"heard":42,"known":30,"spoken":9}

    event: bye
    data: {"because":"out of breath"}


    """;

// The parser is registered under a format of its own; a caller who does not name it is understood as well, because the
// parser recognizes its first event.
var options = new StreamUsageOptions().AddParser(new ApiFormat("PARROT"), new ParrotParser());
await using var tracker = new UsageTracker(new NoSink(), options);

using var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Body)) };
response.Content.Headers.ContentType = new MediaTypeHeaderValue("text/event-stream");
UsageTracking tracking = response.TrackUsage(tracker, new UsageContext { RequestId = "req-1" });

await response.Content.CopyToAsync(Stream.Null);
UsageRecord record = await tracking.Completion;

Console.WriteLine($"{record.ApiFormat} read as {record.Protocol}: {record.Outcome}, {record.ResponseModel}, {record.StopReason}");
Console.WriteLine($"input {record.Usage.InputTokens}, cache read {record.Usage.CacheReadInputTokens}, output {record.Usage.OutputTokens} "
    + $"({record.OutputSource}), {record.OutputCharacters} characters");

var expected = new TokenUsage { InputTokens = 12, CacheReadInputTokens = 30, OutputTokens = 9 };
bool isAsExpected =
    record is { Protocol: "parrot", Outcome: StreamOutcome.Completed, OutputSource: TokenSource.Reported, ResponseId: "p-7" }
    && record.Usage == expected;
Console.WriteLine(isAsExpected ? "As expected." : "NOT as expected.");
return isAsExpected ? 0 : 1;

/// <summary>Where records go: the program reads its one record from the handle.</summary>
internal sealed class NoSink : IUsageSink
{
    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
