using Microsoft.Extensions.Logging;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Recording;

/// <summary>One line a response, with the same id and fields every time, and nothing secret in any line.</summary>
public sealed class SummaryLineTests
{
    private static readonly string[] Fields =
    [
        "RequestId", "Status", "Outcome", "StatusCode", "DurationMilliseconds", "InputTokens", "CacheReadInputTokens",
        "CacheCreationInputTokens", "InputSource", "OutputTokens", "OutputSource", "Model",
        "Protocol", "RecordId",
    ];

    [Fact]
    public async Task A_completed_response_is_one_line_of_information()
    {
        var log = new RecordingLog();

        UsageRecord record = await TrackAsync(new ScriptedStream(Answers.Claude), log);

        RecordingLog.Line line = log.Lines.Should().ContainSingle().Which;
        line.Should().Match<RecordingLog.Line>(l => l.Level == LogLevel.Information && l.EventId == 1);
        line.Fields.Keys.Should().BeEquivalentTo(Fields);
        line.Fields["RequestId"].Should().Be("r1");
        line.Fields["Status"].Should().Be(UsageStatus.Completed);
        line.Fields["InputTokens"].Should().Be(25L);
        line.Fields["CacheReadInputTokens"].Should().Be(7L);
        line.Fields["CacheCreationInputTokens"].Should().Be(3L);
        line.Fields["OutputTokens"].Should().Be(15L);
        line.Fields["RecordId"].Should().Be(record.Id);
    }

    [Fact]
    public async Task A_failed_response_is_one_line_of_warning_with_the_same_fields()
    {
        var log = new RecordingLog();

        await TrackAsync(new ScriptedStream(Answers.ClaudeStart), log);

        RecordingLog.Line line = log.Lines.Should().ContainSingle().Which;
        line.Should().Match<RecordingLog.Line>(l => l.Level == LogLevel.Warning && l.EventId == 2);
        line.Fields.Keys.Should().BeEquivalentTo(Fields);
        line.Fields["Outcome"].Should().Be(StreamOutcome.Interrupted);
        line.Text.Should().NotContain("null").And.NotContain(", ,");
    }

    [Theory]
    [InlineData("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"canary-message\"}}\n\n")]
    [InlineData("<html>canary-body</html>\n\n")]
    [InlineData(Answers.ClaudeStart + "event: content_block_delta\n"
        + "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"canary-text\"}}\n\n")]
    [InlineData("data: {\"canary\":}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":-4,\"odd_tokens\":\"canary\"}}\n\n")]
    public async Task Nothing_secret_is_in_any_line(string body)
    {
        var log = new RecordingLog();
        var headers = new Dictionary<string, string> { ["authorization"] = "Bearer canary-key", ["x-plain"] = "canary-plain" };
        var sink = new FaultySink(
            _ => throw new InvalidOperationException("canary-start"), _ => throw new InvalidOperationException("canary-sink"));
        await using var tracker = new UsageTracker(sink, new StreamUsageOptions { RetryDelay = TimeSpan.Zero }
            .AddParser(new ApiFormat("FAULTY"), new FaultyParser(new InvalidOperationException("canary-parser"))), log);
        using HttpResponseMessage response = Track.Response(new ScriptedStream(body, new IOException("https://host/?key=canary-url")));
        response.RequestMessage = new HttpRequestMessage(HttpMethod.Post, "https://host/v1/messages?key=canary-url");
        response.Headers.TryAddWithoutValidation("x-answer", "canary-answer");
        UsageTracking tracking = response.TrackUsage(tracker, new UsageContext
        {
            RequestId = "r1",
            RequestHeaders = headers,
            ProviderRequestHeaders = headers,
            RequestBody = "canary-request"u8.ToArray(),
            Tags = headers,
        });
        tracking.Fail(500, "canary-fail");

        await response.Content.Invoking(c => c.ReadAsStringAsync()).Should().ThrowAsync<HttpRequestException>();
        await tracking.Completion;
        await tracker.DisposeAsync(); // What is logged and counted follows.

        log.Lines.Select(line => line.EventId).Should().Contain([2, 3, 4]);
        log.Lines
            .Should().NotContain(line => line.Text.Contains("canary") || line.Fields.Values.Any(value => $"{value}".Contains("canary")));
        log.Lines.Where(line => line.Exception is not null).Should().OnlyContain(
            line => line.EventId == 3 || line.EventId == 4 || line.EventId == 7 || line.EventId == 10,
            "a sink's or an estimator's exception is its own");
    }

    [Fact]
    public async Task A_format_that_the_response_does_not_speak_is_logged()
    {
        var log = new RecordingLog();
        await using var tracker = new UsageTracker(new RecordingSink(), null, log);

        await Track.ReadToEndAsync(tracker.Track(
            new ScriptedStream(Answers.Claude), new UsageContext { ApiFormat = ApiFormat.OpenAI }, out UsageTracking tracking));
        await tracking.Completion;
        await tracker.DisposeAsync(); // What is logged and counted follows.

        log.Lines.Should().ContainSingle(line => line.EventId == 8).Which.Fields
            .Should().Contain("DetectedFormat", "CLAUDE").And.Contain("NamedFormat", "OPENAI");
    }

    private static async Task<UsageRecord> TrackAsync(Stream body, RecordingLog log)
    {
        await using var tracker = new UsageTracker(new RecordingSink(), null, log);
        await Track.ReadToEndAsync(tracker.Track(body, new UsageContext { RequestId = "r1" }, out UsageTracking tracking));
        return await tracking.Completion;
    }
}
