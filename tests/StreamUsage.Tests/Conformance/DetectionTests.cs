using System.Text;
using System.Text.RegularExpressions;
using FluentAssertions.Execution;
using StreamUsage.Framing;
using StreamUsage.Parsing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Conformance;

/// <summary>The protocol of every recorded stream is known after its first event, whatever the caller said it would
/// be.</summary>
public sealed class DetectionTests
{
    private static readonly (ApiFormat Format, string[] Protocols)[] Formats =
    [
        (ApiFormat.Auto, []),
        (ApiFormat.Claude, ["anthropic-messages"]),
        (ApiFormat.ClaudeCli, ["anthropic-messages"]),
        (ApiFormat.OpenAI, ["openai-chat", "openai-responses"]),
        (ApiFormat.OpenAICli, ["openai-chat", "openai-responses"]),
        (ApiFormat.Gemini, ["gemini"]),
        (ApiFormat.GeminiCli, ["gemini"]),
        (ApiFormat.Bedrock, ["anthropic-messages", "openai-chat"]),
        (ApiFormat.Cohere, ["openai-chat"]),
        (ApiFormat.Mistral, ["openai-chat"]),
        (new ApiFormat("SOMETHING_ELSE"), []),
    ];

    [Theory]
    [MemberData(nameof(RecordedStreamTests.Streams), MemberType = typeof(RecordedStreamTests))]
    public void A_recorded_streams_wire_is_known_after_its_first_event_whatever_was_said(string format, string name)
    {
        SharedFiles.Require("corpus", format);
        RecordedStream stream = RecordedStream.All(format).Single(s => s.Name == name);
        byte[] body = stream.Body;
        int firstEvent = Regex.Match(Encoding.Latin1.GetString(body), "^data:.*?(\n\n|\r\n\r\n|\\z)",
            RegexOptions.Multiline | RegexOptions.Singleline) is { } match ? match.Index + match.Length : body.Length;
        foreach ((ApiFormat named, string[] protocols) in Formats)
        {
            ApiFormat expected = protocols.Contains(format) ? named : stream.ApiFormat;
            using var scope = new AssertionScope($"{stream}, named {named}");

            Read(body.AsSpan(..firstEvent), named).Should().Be((format, expected));
            Read(body, named).Should().Be((format, expected));
        }
    }

    [Fact]
    public async Task A_wrong_name_is_corrected_and_the_log_says_so()
    {
        var log = new RecordingLog();
        await using var tracker = new UsageTracker(new RecordingSink(), null, log);
        PiecewiseStream body = new(new EventStreamBytes().Event("messageStart", "{}").ToArray(), 3);
        await using Stream tracked = tracker.Track(body, new UsageContext { ApiFormat = ApiFormat.Gemini }, out UsageTracking tracking);
        await tracked.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);

        (await tracking.Completion).ApiFormat.Should().Be(ApiFormat.Bedrock);
        await tracker.DisposeAsync(); // What is logged and counted follows.
        log.Lines.Should().Contain(line => line.EventId == 8
            && line.Text.Contains("GEMINI", StringComparison.Ordinal) && line.Text.Contains("BEDROCK", StringComparison.Ordinal));
    }

    private static (string?, ApiFormat) Read(ReadOnlySpan<byte> body, ApiFormat named)
    {
        var reader = new BodyReader(new ReaderSettings(new ParserSet([]), 1024 * 1024), named);
        reader.Read(body);
        reader.Finish();
        reader.Release();
        return (reader.Events.Protocol, reader.Events.Format);
    }
}
