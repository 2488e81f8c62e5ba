using System.IO.Pipelines;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>A reader that cancels its pending read as it leaves does not cancel what is read on after it.</summary>
public sealed class CancelledDrainTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancelling_a_pending_read_does_not_end_the_draining_of_a_pipe(bool isBeforeTheEnd)
    {
        var pipe = new Pipe();
        await using var tracker = new UsageTracker(
            new RecordingSink(), new StreamUsageOptions { DrainAbortedStreams = new DrainLimits() });
        PipeReader tracked = tracker.Track(pipe.Reader, Track.Nothing, out UsageTracking tracking);

        if (isBeforeTheEnd)
        {
            tracked.CancelPendingRead();
        }

        await tracked.CompleteAsync();
        if (!isBeforeTheEnd)
        {
            tracked.CancelPendingRead();
        }

        await pipe.Writer.WriteAsync(Answers.Bytes(Answers.ClaudeStart), Cancellation);
        SpinWait.SpinUntil(
            () => tracking.Current.Usage.InputTokens == 25 || tracking.Completion.IsCompleted, TimeSpan.FromSeconds(30)).Should().BeTrue();
        await pipe.Writer.WriteAsync(Answers.Bytes(Answers.ClaudeText + Answers.ClaudeDelta + Answers.ClaudeStop), Cancellation);
        await pipe.Writer.CompleteAsync();

        (await tracking.Completion).Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted
            && r.Drained && r.Usage.OutputTokens == 15 && r.BytesReceived == Answers.ClaudeBytes.Length);
    }

    [Fact]
    public async Task A_pipe_that_cancels_each_read_is_not_read_on()
    {
        await using var tracker = new UsageTracker(
            new RecordingSink(), new StreamUsageOptions { DrainAbortedStreams = new DrainLimits() });
        PipeReader tracked = tracker.Track(new CancellingPipe(), Track.Nothing, out UsageTracking tracking);

        await tracked.CompleteAsync();

        (await tracking.Completion).Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && !r.Drained);
    }

    private sealed class CancellingPipe : PipeReader
    {
        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
            new(new ReadResult(default, isCanceled: true, isCompleted: false));

        public override bool TryRead(out ReadResult result)
        {
            result = default;
            return false;
        }

        public override void AdvanceTo(SequencePosition consumed)
        {
        }

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
        }

        public override void CancelPendingRead()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }
    }
}
