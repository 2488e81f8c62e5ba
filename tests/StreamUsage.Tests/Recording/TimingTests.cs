using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Recording;

/// <summary>Ids, times and counts of a record.</summary>
public sealed class TimingTests
{
    private static readonly DateTimeOffset Start = new(2026, 5, 4, 3, 2, 1, TimeSpan.Zero);

    [Fact]
    public async Task Ids_are_version_7_unique_and_made_at_the_start()
    {
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink, timeProvider: new FakeTimeProvider(Start));

        for (int i = 0; i < 100; i++)
        {
            tracker.Track(Stream.Null, Track.Nothing, out UsageTracking tracking).Dispose();
            await tracking.Completion;
        }

        Guid[] ids = [.. sink.Records.Select(r => r.Id)];
        ids.Should().OnlyHaveUniqueItems().And.HaveCount(100).And.OnlyContain(id => id.Version == 7 && (id.Variant & 0xC) == 8);
        ids.Should().OnlyContain(id => Convert.ToInt64(id.ToString("N").Substring(0, 12), 16) == Start.ToUnixTimeMilliseconds());
        sink.Starts.Select(s => s.Id).Should().BeEquivalentTo(ids);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public async Task Times_are_measured_from_the_request_where_its_start_is_known_else_from_the_tracking(int secondsBefore)
    {
        var time = new FakeTimeProvider(Start);
        await using var tracker = new UsageTracker(new RecordingSink(), timeProvider: time);
        UsageContext context =
            secondsBefore == 0 ? Track.Nothing : new UsageContext { RequestStartedAt = Start.AddSeconds(-secondsBefore) };
        Stream tracked = tracker.Track(
            new ScriptedStream(Answers.ClaudeStart, Answers.ClaudeText, Answers.ClaudeStop), context, out UsageTracking tracking);
        var buffer = new byte[4096];

        for (int i = 0; i < 3; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            _ = await tracked.ReadAsync(buffer);
        }

        time.Advance(TimeSpan.FromSeconds(10));
        await tracked.DisposeAsync();

        UsageRecord record = await tracking.Completion;
        TimeSpan before = TimeSpan.FromSeconds(secondsBefore);
        record.StartedAt.Should().Be(Start - before);
        record.TimeToFirstByte.Should().Be(before + TimeSpan.FromSeconds(1));
        record.TimeToFirstToken.Should().Be(before + TimeSpan.FromSeconds(2));
        record.TimeToLastByte.Should().Be(before + TimeSpan.FromSeconds(3));
        record.Duration.Should().Be(before + TimeSpan.FromSeconds(13));
    }

    [Fact]
    public async Task Times_of_what_never_came_are_not_known()
    {
        Track.Stream(Stream.Null, out UsageTracking tracking, out _).Dispose();

        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.TimeToFirstByte == null && r.TimeToFirstToken == null && r.TimeToLastByte == null);
    }

    [Fact]
    public async Task The_trace_that_was_current_at_the_start_is_kept()
    {
        using Activity activity = new Activity("request").SetIdFormat(ActivityIdFormat.W3C).Start();
        Stream tracked = Track.Stream(Stream.Null, out UsageTracking tracking, out _);
        activity.Stop();

        tracked.Dispose();

        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.TraceId == activity.TraceId.ToHexString() && r.SpanId == activity.SpanId.ToHexString());
    }

    [Fact]
    public async Task Without_a_trace_there_is_none()
    {
        Activity.Current = null;
        Track.Stream(Stream.Null, out UsageTracking tracking, out _).Dispose();

        (await tracking.Completion).Should().Match<UsageRecord>(r => r.TraceId == null && r.SpanId == null);
    }

    [Fact]
    public async Task Bytes_reads_events_and_characters_are_counted_as_they_pass()
    {
        Stream tracked = Track.Stream(new ScriptedStream(Answers.ClaudeStart + Answers.ClaudeText,
            Answers.ClaudeDelta + "event: message_stop\ndata: {\"type\":\"message_stop\"}"), out UsageTracking tracking, out _);
        var buffer = new byte[4096];

        tracking.Current.Should().Be(new UsageSnapshot());
        _ = await tracked.ReadAsync(buffer);
        UsageSnapshot during = tracking.Current;
        _ = await tracked.ReadAsync(buffer);
        tracking.Current.StopReason.Should().Be("end_turn");
        _ = await tracked.ReadAsync(buffer);
        UsageRecord record = await tracking.Completion;

        during.Should().Match<UsageSnapshot>(s => s.Usage.InputTokens == 25
            && s.Usage.OutputTokens >= 6 && s.Usage.OutputTokens <= 10 && s.InputSource == TokenSource.Reported
            && s.OutputSource == TokenSource.Estimated && s.EventCount == 2 && s.StopReason == null);
        during.BytesReceived.Should().Be(Answers.ClaudeStart.Length + Answers.ClaudeText.Length);
        record.Should().Match<UsageRecord>(r => r.EventCount == 4 && r.ReadCount == 2
            && r.OutputCharacters == 24 && r.BytesReceived == Answers.ClaudeBytes.Length - 2 && r.Outcome == StreamOutcome.Completed);
        tracking.Current.Should().Be(new UsageSnapshot
        {
            Model = "claude-sonnet-4-5",
            Usage = record.Usage,
            InputSource = TokenSource.Reported,
            OutputSource = TokenSource.Reported,
            BytesReceived = record.BytesReceived,
            EventCount = 4,
            StopReason = "end_turn",
        });
    }

    [Fact]
    public async Task An_unreported_input_is_estimated_from_the_request_body_which_the_record_does_not_keep()
    {
        await using var tracker = new UsageTracker(new RecordingSink(), Track.ByCharacters);
        Stream tracked = tracker.Track(new ScriptedStream(Answers.ChatText + Answers.ChatDone),
            new UsageContext { RequestBody = new byte[400], UserId = "u1" }, out UsageTracking tracking);

        await Track.ReadToEndAsync(tracked);

        UsageRecord record = await tracking.Completion;
        record.Should().Match<UsageRecord>(r => r.InputSource == TokenSource.Estimated
            && r.Usage.InputTokens == 100 && r.OutputSource == TokenSource.Estimated && r.Usage.OutputTokens == 2);
        record.Context.UserId.Should().Be("u1");
        record.Context.RequestBody.IsEmpty.Should().BeTrue();
    }
}
