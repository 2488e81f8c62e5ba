using System.Net;
using Microsoft.Extensions.Logging;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>A response that two trackers of one sink track has one record, which knows what both have said.</summary>
public sealed class TwoTrackersTests
{
    private static readonly DateTimeOffset Sent = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Two_trackers_of_one_sink_make_one_record_with_the_first_handle()
    {
        using HttpResponseMessage response = Track.Response(Answers.Claude);
        var sink = new RecordingSink();

        UsageTracking first = response.TrackUsage(new UsageTracker(sink), new UsageContext { RequestId = "first", Provider = "anthropic" });
        UsageTracking second =
            response.TrackUsage(new UsageTracker(sink), new UsageContext { RequestId = "second", UserId = "user", Model = "model" });
        await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        second.Should().BeSameAs(first);
        UsageRecord record = await first.Completion;
        record.Context.Should().Match<UsageContext>(
            c => c.RequestId == "first" && c.Provider == "anthropic" && c.UserId == "user" && c.Model == "model");
        sink.Records.Should().Equal(record);
    }

    [Fact]
    public async Task The_default_tracker_of_a_sink_and_another_one_make_one_record()
    {
        using HttpResponseMessage response = Track.Response(Answers.Claude);
        var sink = new RecordingSink();

        UsageTracking first = response.TrackUsage(sink, Track.Nothing);
        response.TrackUsage(new UsageTracker(sink), Track.Nothing).Should().BeSameAs(first);
        await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        await first.Completion;
        sink.Records.Should().HaveCount(1);
    }

    [Fact]
    public async Task What_the_second_context_says_of_format_start_and_request_counts()
    {
        using HttpResponseMessage response = Track.Response(Answers.ClaudeStart);
        var sink = new RecordingSink();
        byte[] request = """{"model":"claude-sonnet-4-5","messages":[{"role":"user","content":"Hi"}]}"""u8.ToArray();

        UsageTracking tracking = response.TrackUsage(new UsageTracker(sink), Track.Nothing);
        response.TrackUsage(
            new UsageTracker(sink), new UsageContext { ApiFormat = ApiFormat.ClaudeCli, RequestStartedAt = Sent, RequestBody = request });
        response.Dispose();

        UsageRecord record = await tracking.Completion;
        record.Should().Match<UsageRecord>(r => r.ApiFormat == ApiFormat.ClaudeCli
            && r.StartedAt == Sent && r.Duration > TimeSpan.Zero && r.InputSource == TokenSource.Estimated);
        record.Context.Model.Should().Be("claude-sonnet-4-5");
    }

    [Fact]
    public async Task A_response_that_is_tracked_twice_is_logged_once_a_tracker()
    {
        var log = new RecordingLog();
        var sink = new RecordingSink();
        var other = new UsageTracker(sink, loggerFactory: log);

        for (int i = 0; i < 3; i++)
        {
            using HttpResponseMessage response = Track.Response(Answers.Claude);
            response.TrackUsage(new UsageTracker(sink), Track.Nothing);
            response.TrackUsage(other, Track.Nothing);
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        }

        log.Lines.Should().ContainSingle().Which
            .Should().Match<RecordingLog.Line>(line => line.EventId == 14 && line.Level == LogLevel.Warning);
    }

    [Fact]
    public async Task Trackers_of_different_sinks_each_make_a_record()
    {
        using HttpResponseMessage response = Track.Response(Answers.Claude);
        var sinks = new[] { new RecordingSink(), new RecordingSink() };

        UsageTracking[] trackings = [response.TrackUsage(new UsageTracker(sinks[0]), Track.Nothing),
            response.TrackUsage(new UsageTracker(sinks[1]), Track.Nothing)];
        await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        await Task.WhenAll(trackings[0].Completion, trackings[1].Completion);
        sinks.Should().OnlyContain(sink => sink.Records.Count == 1);
    }

    [Fact]
    public async Task A_second_call_of_one_tracker_fills_in_the_first_context()
    {
        using HttpResponseMessage response = Track.Response(Answers.Claude);
        var log = new RecordingLog();
        var tracker = new UsageTracker(new RecordingSink(), loggerFactory: log);

        UsageTracking first = response.TrackUsage(tracker, new UsageContext { RequestId = "first" });
        response.TrackUsage(tracker, new UsageContext { RequestId = "second", UserId = "user" }).Should().BeSameAs(first);
        await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        (await first.Completion).Context.Should().Match<UsageContext>(c => c.RequestId == "first" && c.UserId == "user");
        log.Lines.Should().NotContain(line => line.EventId == 14);
    }

    [Fact]
    public void A_response_that_switches_protocols_is_left_alone()
    {
        HttpResponseMessage response = Track.Response(Stream.Null, HttpStatusCode.SwitchingProtocols);
        HttpContent content = response.Content;

        UsageTracking tracking = response.TrackUsage(new RecordingSink(), Track.Nothing);

        response.Content.Should().BeSameAs(content);
        (tracking.Completion.IsCanceled, tracking.Delivery.IsCanceled).Should().Be((true, true));
    }
}
