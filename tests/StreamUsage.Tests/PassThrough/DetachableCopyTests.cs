using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>
/// Where draining is on, a content's own copy outlives its caller: it goes on without a destination, or it is ended.
/// </summary>
public sealed class DetachableCopyTests
{
    private readonly TaskCompletionSource _mayGoOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_cancelled_copy_writes_nothing_more_and_goes_on_after_a_dispose()
    {
        ScriptedStream body = Body();
        HttpResponseMessage response = Begin(body, Tracker(), out UsageTracking tracking);
        using var stop = new CancellationTokenSource();
        var destination = new MemoryStream();
        Task copy = response.Content.CopyToAsync(destination, stop.Token);
        await body.IsWaiting.Task;

        await stop.CancelAsync();
        await copy.Invoking(c => c).Should().ThrowAsync<OperationCanceledException>();
        tracking.Completion.IsCompleted.Should().BeFalse();
        response.Dispose();
        body.DisposeCount.Should().Be(0);
        _mayGoOn.SetResult();

        (await tracking.Completion).Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted
            && r.Drained && r.Usage.OutputTokens == 15 && r.BytesReceived == Answers.ClaudeBytes.Length);
        destination.Length.Should().Be(Answers.ClaudeStart.Length);
    }

    [Fact]
    public async Task A_cancelled_copy_that_cannot_be_drained_is_ended_by_a_dispose()
    {
        var tracker = Tracker(maxConcurrent: 1);
        tracker.Track(new ScriptedStream(new TaskCompletionSource().Task), Track.Nothing, out _).Dispose();
        ScriptedStream body = Body();
        HttpResponseMessage response = Begin(body, tracker, out UsageTracking tracking);
        using var stop = new CancellationTokenSource();
        Task copy = response.Content.CopyToAsync(Stream.Null, stop.Token);
        await body.IsWaiting.Task;

        await stop.CancelAsync();
        await copy.Invoking(c => c).Should().ThrowAsync<OperationCanceledException>();
        response.Dispose();

        (body.DisposeCount > 0, body.WasDisposedDuringRead).Should().Be((true, false));
        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && !r.Drained && r.Usage.InputTokens == 25);
    }

    [Fact]
    public async Task A_dispose_in_the_middle_of_a_copy_ends_the_callers_wait_and_the_rest_is_drained()
    {
        ScriptedStream body = Body();
        HttpResponseMessage response = Begin(body, Tracker(), out UsageTracking tracking);
        Task copy = response.Content.CopyToAsync(Stream.Null, Cancellation);
        await body.IsWaiting.Task;

        response.Dispose();
        await copy.Invoking(c => c).Should().ThrowAsync<HttpRequestException>().WithInnerException(typeof(ObjectDisposedException));
        _mayGoOn.SetResult();

        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && r.Drained && r.Usage.OutputTokens == 15);
    }

    [Fact]
    public async Task A_drained_copy_ends_at_the_byte_limit()
    {
        HttpResponseMessage response = Begin(
            new PiecewiseStream(Answers.ClaudeBytes, 50), Tracker(maxBytes: 10), out UsageTracking tracking);

        await response.Content.Awaiting(c => c.CopyToAsync(new Differential.FullDisk(), Cancellation))
            .Should().ThrowAsync<HttpRequestException>();

        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && !r.Drained && r.BytesReceived < 200);
    }

    [Fact]
    public async Task A_copy_that_fails_synchronously_leaves_nothing_to_drain()
    {
        var body = new PiecewiseStream(Answers.ClaudeBytes, 50);
        HttpResponseMessage response = Begin(body, Tracker(), out UsageTracking tracking);

        response.Content.Invoking(c => c.CopyTo(new Differential.FullDisk(), null, Cancellation)).Should().Throw<HttpRequestException>();
        response.Dispose();

        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && !r.Drained && r.BytesReceived == 50);
        body.IsDisposed.Should().BeTrue();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_destination_that_fails_to_flush_is_the_reader_leaving_and_the_rest_is_drained(bool isSync)
    {
        using var response = new HttpResponseMessage { Content = new FlushingContent(isSync) };
        UsageTracking tracking = response.TrackUsage(Tracker(), Track.Nothing);

        await response.Content.Awaiting(c => c.CopyToAsync(new UnflushableDisk(), Cancellation))
            .Should().ThrowAsync<HttpRequestException>();

        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && r.Drained == !isSync);
    }

    private static UsageTracker Tracker(long maxBytes = 1 << 20, int maxConcurrent = 10) =>
        new(new RecordingSink(),
            new StreamUsageOptions { DrainAbortedStreams = new DrainLimits { MaxBytes = maxBytes, MaxConcurrent = maxConcurrent } });

    private static HttpResponseMessage Begin(Stream body, UsageTracker tracker, out UsageTracking tracking)
    {
        HttpResponseMessage response = Track.Response(body);
        tracking = response.TrackUsage(tracker, Track.Nothing);
        return response;
    }

    private ScriptedStream Body() => new(Answers.ClaudeStart, _mayGoOn.Task, Answers.ClaudeText, Answers.ClaudeDelta, Answers.ClaudeStop);

    private sealed class UnflushableDisk : MemoryStream
    {
        public override void Flush() => throw new IOException("disk full");

        public override Task FlushAsync(CancellationToken cancellationToken) => throw new IOException("disk full");
    }

    private sealed class FlushingContent(bool isSync) : HttpContent
    {
        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            foreach (string piece in new[] { Answers.ClaudeStart, Answers.ClaudeText, Answers.ClaudeDelta, Answers.ClaudeStop })
            {
                await stream.WriteAsync(Answers.Bytes(piece), Cancellation);
                if (isSync)
                {
                    stream.Flush();
                }
                else
                {
                    await stream.FlushAsync(Cancellation);
                }
            }
        }
    }
}
