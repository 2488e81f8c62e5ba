using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Tests.Differential;
using StreamUsage.Tests.Linked;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>A canceled read is not leaving: the next read, a dispose or the collector decides.</summary>
public sealed class CancelledReadTests(LoopbackProvider provider) : IClassFixture<LoopbackProvider>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<Source, bool> Bodies { get; } = new()
    {
        { Source.Socket, false },
        { Source.Socket, true },
        { Source.Pipe, false },
        { Source.Pipe, true },
        { Source.Http2, false },
        { Source.Http2, true },
        { Source.Http1, true },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_body_that_is_read_on_after_a_cancelled_read_is_complete(Source source, bool drains)
    {
        await using Body body = await Body.OpenAsync(source, provider);
        Stream tracked = await TrackAsync(body, drains, out UsageTracking tracking);
        await tracked.ReadExactlyAsync(new byte[Body.FirstLength], Cancellation);

        await CancelReadAsync(tracked);
        body.SendRest();
        string rest = await Track.ReadToEndAsync(tracked);

        rest.Should().Be(Answers.Claude[Body.FirstLength..]);
        (await tracking.Completion).Should().Match<UsageRecord>(
            r => r.Outcome == StreamOutcome.Completed && r.BytesReceived == Body.Bytes.Length && r.Usage.OutputTokens == 15 && !r.Drained);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_body_that_is_read_on_after_a_cancelled_copy_is_complete(Source source, bool drains)
    {
        await using Body body = await Body.OpenAsync(source, provider);
        Stream tracked = await TrackAsync(body, drains, out UsageTracking tracking);
        using var stop = new CancellationTokenSource();
        var seen = new MemoryStream();
        Task copy = tracked.CopyToAsync(seen, stop.Token);
        while (seen.Length < Body.FirstLength)
        {
            await Task.Yield();
        }

        await stop.CancelAsync();
        await copy.Invoking(c => c).Should().ThrowAsync<OperationCanceledException>();
        body.SendRest();
        await tracked.CopyToAsync(seen, Cancellation);

        seen.ToArray().Should().Equal(Body.Bytes);
        (await tracking.Completion).Should().Match<UsageRecord>(
            r => r.Outcome == StreamOutcome.Completed && r.BytesReceived == Body.Bytes.Length && r.Usage.OutputTokens == 15);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_pipe_that_is_read_on_after_a_cancelled_read_is_complete(Source source, bool drains)
    {
        await using Body body = await Body.OpenAsync(source, provider);
        Stream stream = body.Response is { } response ? await response.Content.ReadAsStreamAsync(Cancellation) : body.Stream;
        PipeReader tracked = Tracker(drains).Track(PipeReader.Create(stream), Track.Nothing, out UsageTracking tracking);
        tracked.AdvanceTo((await tracked.ReadAtLeastAsync(Body.FirstLength, Cancellation)).Buffer.End);
        using var stop = new CancellationTokenSource();
        Task<ReadResult> read = tracked.ReadAsync(stop.Token).AsTask();

        await stop.CancelAsync();
        await read.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();
        body.SendRest();
        var seen = new MemoryStream();
        await tracked.CopyToAsync(seen, Cancellation);

        seen.ToArray().Should().Equal(Body.Bytes[Body.FirstLength..]);
        (await tracking.Completion).Should().Match<UsageRecord>(
            r => r.Outcome == StreamOutcome.Completed && r.BytesReceived == Body.Bytes.Length && r.Usage.OutputTokens == 15);
    }

    [Fact]
    public async Task A_reader_that_cancels_and_then_disposes_left_when_it_cancelled()
    {
        var time = new FakeTimeProvider();
        Stream tracked = new UsageTracker(new RecordingSink(), timeProvider: time)
            .Track(new ScriptedStream(Answers.ClaudeStart, Never), Track.Nothing, out UsageTracking tracking);
        await tracked.ReadExactlyAsync(new byte[Answers.ClaudeStart.Length], Cancellation);
        time.Advance(TimeSpan.FromSeconds(2));

        await CancelReadAsync(tracked);
        tracking.Completion.IsCompleted.Should().BeFalse();
        time.Advance(TimeSpan.FromMinutes(5));
        await tracked.DisposeAsync();

        (await tracking.Completion).Should().Match<UsageRecord>(
            r => r.Outcome == StreamOutcome.ClientAborted && r.StatusCode == 499 && r.Duration == TimeSpan.FromSeconds(2));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reader_that_cancels_and_forgets_the_body_has_left_when_that_is_collected(bool drains)
    {
        var mayGoOn = new TaskCompletionSource();
        UsageTracking tracking = await AbandonAsync(Tracker(drains), mayGoOn.Task);
        if (drains)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static gate => gate.SetResult(), mayGoOn, preferLocal: false);
        }

        await Collector.CollectUntilAsync(() => tracking.Completion.IsCompleted);

        UsageRecord record = await tracking.Completion.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        record.Should().Match<UsageRecord>(
            r => r.Outcome == StreamOutcome.ClientAborted && r.StatusCode == 499 && r.Usage.InputTokens == 25);
    }

    [Fact]
    public async Task A_read_that_was_left_and_forgotten_is_drained_when_the_body_is_collected()
    {
        var mayGoOn = new TaskCompletionSource();
        var time = new DrainTime();
        UsageTracking tracking = await AbandonAsync(Tracker(drains: true, time), mayGoOn.Task);

        await Collector.CollectUntilAsync(() => time.HasBegun);

        time.HasBegun.Should().BeTrue("the body is read on");
        tracking.Completion.IsCompleted.Should().BeFalse("the rest is waited for");
        mayGoOn.SetResult();
        (await tracking.Completion.WaitAsync(TimeSpan.FromSeconds(30), Cancellation))
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && r.Drained && r.Usage.OutputTokens == 15);
    }

    [Fact]
    public async Task An_HTTP1_body_whose_connection_a_cancelled_read_has_closed_was_left_by_its_reader()
    {
        await using Body body = await Body.OpenAsync(Source.Http1, provider);
        Stream tracked = await TrackAsync(body, drains: false, out UsageTracking tracking);
        await tracked.ReadExactlyAsync(new byte[Body.FirstLength], Cancellation);

        await CancelReadAsync(tracked);
        await tracked.Awaiting(t => t.ReadAsync(new byte[10], Cancellation).AsTask()).Should().ThrowAsync<ObjectDisposedException>();

        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && r.StatusCode == 499 && r.ErrorType == null);
    }

    [Fact]
    public async Task A_body_that_breaks_after_a_cancelled_read_is_interrupted()
    {
        Stream tracked = Track.Stream(
            new ScriptedStream(Answers.ClaudeStart, Never, new IOException("reset")), out UsageTracking tracking, out _);
        await tracked.ReadExactlyAsync(new byte[Answers.ClaudeStart.Length], Cancellation);

        await CancelReadAsync(tracked);
        await tracked.Awaiting(t => t.ReadAsync(new byte[10], Cancellation).AsTask()).Should().ThrowAsync<IOException>();

        (await tracking.Completion).Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Interrupted && r.ErrorMessage == "reset");
    }

    [Fact]
    public async Task A_stop_after_a_cancelled_read_finds_a_reader_that_has_left()
    {
        var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { ShutdownGracePeriod = TimeSpan.Zero });
        Stream tracked = tracker.Track(new ScriptedStream(Answers.ClaudeStart, Never), Track.Nothing, out UsageTracking tracking);
        await tracked.ReadExactlyAsync(new byte[Answers.ClaudeStart.Length], Cancellation);
        await CancelReadAsync(tracked);

        await tracker.DisposeAsync();

        (await tracking.Completion).Outcome.Should().Be(StreamOutcome.ClientAborted);
        GC.KeepAlive(tracked);
    }

    [Fact]
    public async Task A_content_in_memory_whose_read_was_cancelled_can_be_read_again()
    {
        using var response = new HttpResponseMessage { Content = new ByteArrayContent(Body.Bytes) };
        UsageTracking tracking = response.TrackUsage(new RecordingSink(), Track.Nothing);

        await response.Content.Awaiting(c => c.CopyToAsync(new Refusing(), new CancellationToken(canceled: true)))
            .Should().ThrowAsync<OperationCanceledException>();
        string text = await response.Content.ReadAsStringAsync(Cancellation);

        text.Should().Be(Answers.Claude);
        (await tracking.Completion).Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Completed && r.Usage.OutputTokens == 15);
    }

    private static Task Never => new TaskCompletionSource().Task;

    private static UsageTracker Tracker(bool drains, TimeProvider? time = null) => new(
        new RecordingSink(),
        new StreamUsageOptions { DrainAbortedStreams = drains ? new DrainLimits { MaxTime = DrainTime.Limit } : null },
        timeProvider: time);

    private static Task<Stream> TrackAsync(Body body, bool drains, out UsageTracking tracking)
    {
        if (body.Response is { } response)
        {
            tracking = response.TrackUsage(Tracker(drains), Track.Nothing);
            return response.Content.ReadAsStreamAsync(Cancellation);
        }

        return Task.FromResult(body.Stream = Tracker(drains).Track(body.Stream, Track.Nothing, out tracking));
    }

    private static async Task CancelReadAsync(Stream stream)
    {
        using var stop = new CancellationTokenSource();
        Task<int> read = stream.ReadAsync(new byte[10], stop.Token).AsTask();
        await stop.CancelAsync();
        await read.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<UsageTracking> AbandonAsync(UsageTracker tracker, Task mayGoOn)
    {
        var body = new ScriptedStream(Answers.ClaudeStart, mayGoOn, Answers.ClaudeText, Answers.ClaudeDelta, Answers.ClaudeStop);
        Stream tracked = tracker.Track(body, Track.Nothing, out UsageTracking tracking);
        await tracked.ReadExactlyAsync(new byte[Answers.ClaudeStart.Length], Cancellation);
        await CancelReadAsync(tracked);
        return tracking;
    }

    /// <summary>A clock that stands still, and says when the time limit of draining has begun to run.</summary>
    private sealed class DrainTime : FakeTimeProvider
    {
        private volatile bool _hasBegun;

        public static TimeSpan Limit { get; } = TimeSpan.FromMinutes(17); // No other limit is as long.

        public bool HasBegun => _hasBegun;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _hasBegun |= dueTime == Limit;
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }

    private sealed class Refusing : MemoryStream
    {
        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            Task.FromCanceled(cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            ValueTask.FromCanceled(cancellationToken);
    }
}
