using StreamUsage.Accounting;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>What a caller adds to an outcome, and what it may be told of one.</summary>
public sealed class FailTests
{
    [Fact]
    public async Task Fail_overrides_status_and_message_and_not_the_outcome()
    {
        Stream tracked = Track.Stream(new ScriptedStream(Answers.Claude), out UsageTracking tracking, out _);

        tracking.Fail(451, "blocked by policy").Should().BeTrue();
        await Track.ReadToEndAsync(tracked);

        UsageRecord record = await tracking.Completion;
        OutcomeTests.Verify(record, StreamOutcome.Completed, UsageStatus.Failed, 451);
        record.ErrorMessage.Should().Be("blocked by policy");
        record.Usage.OutputTokens.Should().Be(15);
    }

    [Fact]
    public async Task Fail_overrides_the_message_of_the_provider()
    {
        Stream tracked = Track.Stream(new ScriptedStream(Answers.ClaudeError), out UsageTracking tracking, out _);

        tracking.Fail(451, "blocked by policy");
        await Track.ReadToEndAsync(tracked);

        UsageRecord record = await tracking.Completion;
        OutcomeTests.Verify(record, StreamOutcome.ProviderError, UsageStatus.Failed, 451);
        record.ErrorMessage.Should().Be("blocked by policy");
    }

    [Fact]
    public async Task Fail_after_the_end_is_too_late()
    {
        Stream tracked = Track.Stream(new ScriptedStream(Answers.Claude), out UsageTracking tracking, out _);
        await Track.ReadToEndAsync(tracked);

        tracking.Fail(500, "late").Should().BeFalse();

        (await tracking.Completion).Should().Match<UsageRecord>(r => r.Status == UsageStatus.Completed && r.ErrorMessage == null);
        tracking.Fail(500, "later").Should().BeFalse();
    }

    [Theory]
    [InlineData("", StreamOutcome.Empty)]
    [InlineData("<html></html>", StreamOutcome.Unreadable)]
    public async Task ThrowOnUnreadableStream_makes_the_last_read_throw(string body, StreamOutcome outcome)
    {
        Stream tracked = Track.Stream(new PiecewiseStream(Answers.Bytes(body), 100),
            out UsageTracking tracking, out _, new StreamUsageOptions { ThrowOnUnreadableStream = true });

        EmptyStreamException thrown = (await tracked.Invoking(Track.ReadToEndAsync).Should().ThrowAsync<EmptyStreamException>()).Which;
        thrown.Outcome.Should().Be(outcome);
        thrown.Context.Should().BeSameAs((await tracking.Completion).Context);
        thrown.ReadCount.Should().Be((await tracking.Completion).ReadCount);

        (await tracking.Completion).Outcome.Should().Be(outcome);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html></html>")]
    public async Task ThrowOnUnreadableStream_is_felt_as_itself_by_those_who_read_the_content_as_a_whole(string body)
    {
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { ThrowOnUnreadableStream = true });
        using HttpResponseMessage text = Track.Response(body);
        using HttpResponseMessage copy = Track.Response(body);
        _ = text.TrackUsage(tracker, Track.Nothing);
        _ = copy.TrackUsage(tracker, Track.Nothing);

        await text.Content.Invoking(c => c.ReadAsStringAsync()).Should().ThrowAsync<EmptyStreamException>();
        await copy.Content.Invoking(c => c.CopyToAsync(Stream.Null)).Should().ThrowAsync<EmptyStreamException>();
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html></html>")]
    public async Task An_unreadable_body_is_not_felt_unless_asked_for(string body)
    {
        Stream tracked = Track.Stream(new ScriptedStream(body), out _, out _);

        (await Track.ReadToEndAsync(tracked)).Should().Be(body);
    }

    [Fact]
    public async Task ThrowOnUnreadableStream_does_not_wait_for_delivery()
    {
        var never = new TaskCompletionSource();
        var tracker = new UsageTracker(
            new FaultySink(record: _ => new ValueTask(never.Task)), new StreamUsageOptions { ThrowOnUnreadableStream = true });
        Stream tracked = tracker.Track(new ScriptedStream(), Track.Nothing, out UsageTracking tracking);

        await tracked.Invoking(Track.ReadToEndAsync).Should().ThrowAsync<EmptyStreamException>();

        tracking.Completion.IsCompleted.Should().BeFalse();
        never.SetResult();
        await tracking.Completion;
    }
}
