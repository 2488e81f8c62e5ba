using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.PassThrough;
using StreamUsage.Recording;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>Where draining is on, the usage of a body is read to the end after its reader has left.</summary>
public sealed class DrainTests(LoopbackProvider provider) : IClassFixture<LoopbackProvider>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("1.1", "dispose")]
    [InlineData("1.1", "cancel")]
    [InlineData("1.1", "copy")]
    [InlineData("2.0", "dispose")]
    [InlineData("2.0", "cancel")]
    [InlineData("2.0", "copy")]
    public async Task A_reader_that_leaves_over_http_has_the_providers_own_usage(string version, string way)
    {
        var mayGoOn = new TaskCompletionSource();
        HttpResponseMessage response = await provider.GetAsync(Slowly(mayGoOn.Task), version);
        await using UsageTracker tracker = Tracker(out RecordingSink sink);
        UsageTracking tracking = response.TrackUsage(tracker, Track.Nothing);

        await LeaveAsync(response, way);
        mayGoOn.SetResult();

        UsageRecord record = await tracking.Completion;
        record.Should().Match<UsageRecord>(
            r => r.Outcome == StreamOutcome.ClientAborted && r.Status == UsageStatus.Cancelled && r.StatusCode == 499 && r.Drained);
        record.Should().Match<UsageRecord>(
            r => r.OutputSource == TokenSource.Reported && r.Usage.OutputTokens == 15 && r.BytesReceived == Answers.ClaudeBytes.Length);
        sink.Records.Should().Equal(record);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(0)] // A read of no bytes, which waits for some.
    public async Task A_cancelled_read_ends_the_callers_wait_and_not_the_upstream_read(int length)
    {
        var mayGoOn = new TaskCompletionSource();
        var body = new ScriptedStream(Answers.ClaudeStart, mayGoOn.Task, Answers.ClaudeText, Answers.ClaudeDelta, Answers.ClaudeStop);
        Stream tracked = Track.Stream(body, out UsageTracking tracking, out _, Draining());
        byte[] buffer = new byte[1000];
        await tracked.ReadAtLeastAsync(buffer, Answers.ClaudeStart.Length, cancellationToken: Cancellation);
        using var cancelled = new CancellationTokenSource();
        Task<int> read = tracked.ReadAsync(buffer.AsMemory(0, length), cancelled.Token).AsTask();

        await cancelled.CancelAsync();

        await read.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();
        await tracked.DisposeAsync();
        body.DisposeCount.Should().Be(0);
        mayGoOn.SetResult();
        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Drained && r.Usage.OutputTokens == 15 && r.Outcome == StreamOutcome.ClientAborted);
        await tracked.Awaiting(t => t.ReadAsync(buffer, Cancellation).AsTask()).Should().ThrowAsync<ObjectDisposedException>();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public async Task A_body_that_is_read_to_its_end_comes_through_as_it_is(int bufferLength)
    {
        Stream tracked = Track.Stream(new PiecewiseStream(Answers.ClaudeBytes, 10), out UsageTracking tracking, out _, Draining());
        var seen = new MemoryStream();
        var buffer = new byte[bufferLength];
        for (int length; (length = await tracked.ReadAsync(buffer, Cancellation)) != 0;)
        {
            seen.Write(buffer, 0, length);
        }

        seen.ToArray().Should().Equal(Answers.ClaudeBytes);
        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Completed && !r.Drained && r.Usage.OutputTokens == 15);
    }

    [Fact]
    public async Task A_response_that_was_never_read_is_read_on_from_its_beginning()
    {
        HttpResponseMessage response = Track.Response(Answers.Claude);
        UsageTracking tracking = response.TrackUsage(Tracker(out _), Track.Nothing);

        response.Dispose();

        (await tracking.Completion).Should().Match<UsageRecord>(r => r.Drained && r.Outcome == StreamOutcome.ClientAborted
            && r.Usage.OutputTokens == 15 && r.Duration >= TimeSpan.Zero && r.TimeToFirstByte == null);
    }

    [Fact]
    public async Task A_pipe_whose_reader_completes_early_is_read_on()
    {
        PipeReader tracked = Tracker(out _)
            .Track(PipeReader.Create(new PiecewiseStream(Answers.ClaudeBytes, 50)), Track.Nothing, out UsageTracking tracking);
        ReadResult result = await tracked.ReadAsync(Cancellation);
        tracked.AdvanceTo(result.Buffer.GetPosition(20), result.Buffer.End);

        await tracked.CompleteAsync();

        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Drained && r.Usage.OutputTokens == 15 && r.BytesReceived == Answers.ClaudeBytes.Length);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_pipe_over_http_whose_read_was_cancelled_is_read_on(string version)
    {
        var mayGoOn = new TaskCompletionSource();
        using HttpResponseMessage response = await provider.GetAsync(Slowly(mayGoOn.Task), version);
        await using UsageTracker tracker = Tracker(out _);
        PipeReader tracked = tracker.Track(
            PipeReader.Create(await response.Content.ReadAsStreamAsync(Cancellation)), Track.Nothing, out UsageTracking tracking);
        ReadResult first = await tracked.ReadAtLeastAsync(Answers.ClaudeStart.Length, Cancellation);
        tracked.AdvanceTo(first.Buffer.GetPosition(10), first.Buffer.End);

        await CancelReadAsync(tracked, 0);
        await tracked.CompleteAsync();
        mayGoOn.SetResult();

        UsageRecord record = await tracking.Completion;
        record.Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted
            && r.Drained && r.OutputSource == TokenSource.Reported && r.Usage.OutputTokens == 15);
        record.BytesReceived.Should().Be(Answers.ClaudeBytes.Length);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(300, false)]
    [InlineData(0, true)]
    [InlineData(300, true)]
    public async Task A_pipe_that_is_not_read_on_misses_nothing_after_a_cancelled_read(int minimumSize, bool triesToRead)
    {
        var mayGoOn = new TaskCompletionSource();
        var body = new ScriptedStream(Answers.ClaudeStart[..100], mayGoOn.Task, Answers.ClaudeStart[100..], Answers.ClaudeText,
            Answers.ClaudeDelta, Answers.ClaudeStop);
        PipeReader tracked = Occupied(PipeReader.Create(body), out UsageTracking tracking);
        ReadResult first = await tracked.ReadAsync(Cancellation);
        tracked.AdvanceTo(first.Buffer.GetPosition(10), first.Buffer.End);
        await CancelReadAsync(tracked, minimumSize);

        tracked.TryRead(out _).Should().BeFalse();
        mayGoOn.SetResult();
        var seen = new MemoryStream();
        seen.Write(Answers.ClaudeBytes, 0, 10);
        ReadResult result;
        do
        {
            if (!triesToRead || !tracked.TryRead(out result))
            {
                result = await tracked.ReadAsync(Cancellation);
            }

            foreach (ReadOnlyMemory<byte> piece in result.Buffer)
            {
                seen.Write(piece.Span);
            }

            tracked.AdvanceTo(result.Buffer.End);
        }
        while (!result.IsCompleted);

        Encoding.UTF8.GetString(seen.ToArray()).Should().Be(Answers.Claude);
        (await tracking.Completion).Drained.Should().BeFalse();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_pipe_that_is_not_read_on_is_completed_after_the_read_that_its_reader_has_left(bool isAsynchronous)
    {
        var body = new ScriptedStream(Answers.ClaudeStart, new TaskCompletionSource().Task);
        PipeReader tracked = Occupied(PipeReader.Create(body), out UsageTracking tracking);
        tracked.AdvanceTo((await tracked.ReadAsync(Cancellation)).Buffer.End);
        await CancelReadAsync(tracked, 0);

        if (isAsynchronous)
        {
            await tracked.CompleteAsync();
        }
        else
        {
            tracked.Complete();
            while (body.DisposeCount == 0)
            {
                await Task.Yield();
            }
        }

        (body.DisposeCount, body.WasDisposedDuringRead).Should().Be((1, false));
        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && !r.Drained && r.Usage.InputTokens == 25);
    }

    [Fact]
    public async Task Draining_a_pipe_that_stays_silent_ends_at_its_time_limit_and_completes_it()
    {
        var time = new FakeTimeProvider();
        var body = new ScriptedStream(Answers.ClaudeStart, new TaskCompletionSource().Task);
        PipeReader tracked = new UsageTracker(new RecordingSink(), Draining(), timeProvider: time)
            .Track(PipeReader.Create(body), Track.Nothing, out UsageTracking tracking);
        tracked.AdvanceTo((await tracked.ReadAsync(Cancellation)).Buffer.End);
        await CancelReadAsync(tracked, 0);
        await tracked.CompleteAsync();

        await tracked.Awaiting(t => t.ReadAsync(Cancellation).AsTask()).Should().ThrowAsync<InvalidOperationException>();
        while (!tracking.Completion.IsCompleted || body.DisposeCount == 0)
        {
            time.Advance(TimeSpan.FromSeconds(31));
            await Task.Yield();
        }

        (body.DisposeCount, body.WasDisposedDuringRead).Should().Be((1, false));
        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => !r.Drained && r.Usage.InputTokens == 25 && r.OutputSource == TokenSource.Estimated);
    }

    [Fact]
    public async Task A_drained_pipe_is_not_completed_during_a_read_that_is_slow_to_end()
    {
        var time = new FakeTimeProvider();
        var mayEnd = new TaskCompletionSource();
        var body = new DeafStream(mayEnd.Task);
        PipeReader tracked = new UsageTracker(new RecordingSink(), Draining(), timeProvider: time)
            .Track(PipeReader.Create(body), Track.Nothing, out UsageTracking tracking);

        await tracked.CompleteAsync();
        await body.IsReading.Task;
        while (!tracking.Completion.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(31));
            await Task.Yield();
        }

        await Task.Yield();
        body.IsDisposed.Task.IsCompleted.Should().BeFalse();
        mayEnd.SetResult();
        await body.IsDisposed.Task;
    }

    [Fact]
    public async Task A_pipe_that_its_owner_completed_first_still_has_a_record()
    {
        PipeReader body = PipeReader.Create(new PiecewiseStream(Answers.ClaudeBytes, Answers.ClaudeStart.Length));
        PipeReader tracked = Tracker(out _).Track(body, Track.Nothing, out UsageTracking tracking);
        await tracked.ReadAsync(Cancellation);
        await body.CompleteAsync();

        await tracked.CompleteAsync();

        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && !r.Drained && r.Usage.InputTokens == 25);
    }

    [Fact]
    public async Task Reading_a_stored_body_stops_when_it_is_cancelled_and_drains_nothing()
    {
        var body = new ScriptedStream(Answers.ClaudeStart, new TaskCompletionSource().Task);
        using var stop = new CancellationTokenSource();
        UsageTracker tracker = Tracker(out RecordingSink sink);
        Task<UsageRecord> reading = tracker.ReadAsync(PipeReader.Create(body), Track.Nothing, cancellationToken: stop.Token);
        await body.IsWaiting.Task;

        await stop.CancelAsync();

        await reading.Awaiting(r => r.WaitAsync(TimeSpan.FromSeconds(20), Cancellation)).Should().ThrowAsync<OperationCanceledException>();
        sink.Records.Should().ContainSingle().Which.Should().Match<UsageRecord>(r => !r.Drained && r.Usage.InputTokens == 25);
    }

    [Fact]
    public async Task A_pipes_read_that_breaks_after_it_was_left_ends_the_draining()
    {
        var mayGoOn = new TaskCompletionSource();
        var body = new ScriptedStream(Answers.ClaudeStart, mayGoOn.Task, new IOException("reset"));
        PipeReader tracked = Tracker(out _).Track(PipeReader.Create(body), Track.Nothing, out UsageTracking tracking);
        tracked.AdvanceTo((await tracked.ReadAsync(Cancellation)).Buffer.End);
        await CancelReadAsync(tracked, 0);
        await tracked.CompleteAsync();

        mayGoOn.SetResult();

        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && !r.Drained && r.Usage.InputTokens == 25);
    }

    [Fact]
    public async Task A_destination_that_fails_leaves_the_body_to_be_read_on()
    {
        HttpResponseMessage response = Track.Response(Answers.Claude);
        UsageTracking tracking = response.TrackUsage(Tracker(out _), Track.Nothing);

        await response.Content.Awaiting(content => content.CopyToAsync(new FullDisk(), Cancellation))
            .Should().ThrowAsync<HttpRequestException>();

        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Drained && r.Outcome == StreamOutcome.ClientAborted && r.Usage.OutputTokens == 15);
    }

    [Fact]
    public async Task Draining_ends_at_its_byte_limit_and_the_output_is_an_estimate()
    {
        Stream tracked = Track.Stream(new PiecewiseStream(Answers.ClaudeBytes, Answers.ClaudeStart.Length + Answers.ClaudeText.Length),
            out UsageTracking tracking, out _, Draining(maxBytes: 10));

        await tracked.DisposeAsync();

        (await tracking.Completion).Should().Match<UsageRecord>(r => !r.Drained
            && r.OutputSource == TokenSource.Estimated && r.Usage.OutputTokens >= 2 && r.InputSource == TokenSource.Reported);
    }

    [Fact]
    public async Task Draining_ends_at_its_time_limit()
    {
        var time = new FakeTimeProvider();
        var body = new ScriptedStream(Answers.ClaudeStart, new TaskCompletionSource().Task, Answers.ClaudeStop);
        var tracker = new UsageTracker(new RecordingSink(), Draining(), timeProvider: time);
        Stream tracked = tracker.Track(body, Track.Nothing, out UsageTracking tracking);

        await tracked.DisposeAsync();
        await body.IsWaiting.Task;
        while (!tracking.Completion.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(31));
            await Task.Yield();
        }

        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => !r.Drained && r.Usage.InputTokens == 25 && r.OutputSource == TokenSource.Estimated);
        while (body.DisposeCount == 0)
        {
            await Task.Yield(); // The record does not wait for it.
        }

        (body.DisposeCount, body.WasDisposedDuringRead).Should().Be((1, false));
    }

    [Theory]
    [InlineData("dispose")]
    [InlineData("dispose asynchronously")]
    [InlineData("dispose the content")]
    public async Task A_body_that_is_not_read_on_is_not_closed_during_a_read_that_its_reader_has_left(string way)
    {
        var body = new ScriptedStream(Answers.ClaudeStart, new TaskCompletionSource().Task);
        using var response = new HttpResponseMessage { Content = new StreamContent(body) };
        var tracker = new UsageTracker(new RecordingSink(), Draining(maxConcurrent: 1));
        Stream occupying = tracker.Track(new ScriptedStream(new TaskCompletionSource().Task), Track.Nothing, out _);
        await occupying.DisposeAsync();
        UsageTracking tracking = response.TrackUsage(tracker, Track.Nothing);
        Stream tracked = await response.Content.ReadAsStreamAsync(Cancellation);
        byte[] buffer = new byte[1000];
        _ = await tracked.ReadAsync(buffer, Cancellation);
        using var stop = new CancellationTokenSource();
        Task<int> read = tracked.ReadAsync(buffer, stop.Token).AsTask();
        await stop.CancelAsync();
        await read.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();

        switch (way)
        {
            case "dispose":
                tracked.Dispose();
                break;
            case "dispose asynchronously":
                await tracked.DisposeAsync();
                break;
            default:
                response.Dispose();
                break;
        }

        (body.DisposeCount > 0, body.WasDisposedDuringRead).Should().Be((true, false));
        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && !r.Drained && r.Usage.InputTokens == 25);
        await tracker.DisposeAsync();
    }

    [Fact]
    public async Task No_more_bodies_are_read_on_at_once_than_allowed()
    {
        var tracker = new UsageTracker(new RecordingSink(), Draining(maxConcurrent: 1));
        var mayGoOn = new TaskCompletionSource();
        var first = new ScriptedStream(Answers.ClaudeStart, mayGoOn.Task, Answers.ClaudeDelta, Answers.ClaudeStop);
        Stream trackedFirst = tracker.Track(first, Track.Nothing, out UsageTracking firstTracking);
        Stream trackedSecond = tracker.Track(new ScriptedStream(Answers.Claude), Track.Nothing, out UsageTracking secondTracking);

        await trackedFirst.DisposeAsync();
        await trackedSecond.DisposeAsync();

        (await secondTracking.Completion).Should().Match<UsageRecord>(r => !r.Drained && r.BytesReceived == 0);
        mayGoOn.SetResult();
        (await firstTracking.Completion).Drained.Should().BeTrue();
    }

    [Fact]
    public async Task Disposing_the_tracker_ends_what_is_read_on()
    {
        var body = new ScriptedStream(Answers.ClaudeStart, new TaskCompletionSource().Task);
        UsageTracker tracker = Tracker(out RecordingSink sink);
        Stream tracked = tracker.Track(body, Track.Nothing, out UsageTracking tracking);
        await tracked.DisposeAsync();
        await body.IsWaiting.Task;

        await tracker.DisposeAsync();

        (await tracking.Completion).Drained.Should().BeFalse();
        sink.Records.Should().ContainSingle();
    }

    [Theory]
    [InlineData(Answers.Claude)]
    [InlineData(Answers.ClaudeStart + Answers.ClaudeError)]
    public async Task What_has_ended_is_not_read_on(string events)
    {
        var body = new ScriptedStream(events, new InvalidOperationException("must not be read"));
        Stream tracked = Track.Stream(body, out UsageTracking tracking, out _, Draining());
        await tracked.ReadAtLeastAsync(new byte[events.Length], events.Length, cancellationToken: Cancellation);

        await tracked.DisposeAsync();

        (await tracking.Completion).Drained.Should().BeFalse();
        body.DisposeCount.Should().Be(1);
    }

    [Fact]
    public async Task A_body_that_breaks_while_it_is_read_on_is_still_one_the_reader_left()
    {
        Stream tracked = Track.Stream(
            new ScriptedStream(Answers.ClaudeStart, new IOException("reset")), out UsageTracking tracking, out _, Draining());

        await tracked.DisposeAsync();

        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && !r.Drained && r.Usage.InputTokens == 25);
    }

    [Fact]
    public async Task A_stream_left_after_its_finish_reason_is_complete_and_has_the_usage_that_follows()
    {
        const string Finish =
            "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\n";
        const string Usage = "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4}}\n\n";
        Stream tracked = Track.Stream(new ScriptedStream(Finish, Usage, Answers.ChatDone), out UsageTracking tracking, out _, Draining());
        await tracked.ReadAtLeastAsync(new byte[Finish.Length], Finish.Length, cancellationToken: Cancellation);

        await tracked.DisposeAsync();

        (await tracking.Completion).Should().Match<UsageRecord>(
            r => r.Outcome == StreamOutcome.Completed && r.Drained && r.Usage.OutputTokens == 4 && r.OutputSource == TokenSource.Reported);
    }

    [Fact]
    public void Limits_are_validated()
    {
        Action act = () => _ = new UsageTracker(new RecordingSink(), Draining(maxConcurrent: 0));

        act.Should().Throw<ArgumentException>().WithMessage("*DrainAbortedStreams.MaxConcurrent*");
    }

    private static async Task LeaveAsync(HttpResponseMessage response, string way)
    {
        if (way == "copy")
        {
            using var stop = new CancellationTokenSource();
            var destination = new CancelsAfterFirstWrite(stop);
            await response.Content.Awaiting(content => content.CopyToAsync(destination, stop.Token))
                .Should().ThrowAsync<OperationCanceledException>();
            response.Dispose();
            return;
        }

        Stream stream = await response.Content.ReadAsStreamAsync(Cancellation);
        await stream.ReadAtLeastAsync(new byte[Answers.ClaudeStart.Length], Answers.ClaudeStart.Length, cancellationToken: Cancellation);
        if (way == "cancel")
        {
            using var stop = new CancellationTokenSource();
            Task<int> read = stream.ReadAsync(new byte[100], stop.Token).AsTask();
            await stop.CancelAsync();
            await read.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();
        }

        response.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reader_whose_wait_was_cancelled_and_who_reads_on_misses_nothing(bool isSync)
    {
        var mayGoOn = new TaskCompletionSource();
        var stream = new DetachableStream(new ScriptedStream(mayGoOn.Task, Answers.ClaudeStart, Answers.ClaudeStop),
            new TrackedBody(Tracker(out _).BodySettings, Track.Nothing, null, null, null, null));
        byte[] buffer = new byte[1000];
        using var stop = new CancellationTokenSource();
        Task<int> read = stream.ReadAsync(buffer, stop.Token).AsTask();
        await stop.CancelAsync();
        await read.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>();

        mayGoOn.SetResult();
        var text = new MemoryStream();
        for (int length;
            (length = isSync ? stream.Read(buffer, 0, 100) : await stream.ReadAsync(buffer.AsMemory(0, 100), Cancellation)) != 0;)
        {
            text.Write(buffer, 0, length);
        }

        Encoding.UTF8.GetString(text.ToArray()).Should().Be(Answers.ClaudeStart + Answers.ClaudeStop);
    }

    [Fact]
    public async Task An_answer_whose_last_event_lacks_its_blank_line_is_complete_where_nothing_else_comes()
    {
        Stream tracked = Track.Stream(
            new ScriptedStream(Answers.Claude.TrimEnd('\n'), new IOException("reset")), out UsageTracking tracking, out _, Draining());
        _ = await tracked.ReadAsync(new byte[1000], Cancellation);

        await tracked.DisposeAsync();

        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Completed && r.Usage.OutputTokens == 15 && !r.Drained);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_the_reader_was_given_last_is_counted_although_it_left_at_that_instant(bool isSync)
    {
        await using UsageTracker tracker = Tracker(out _);
        var body = new TrackedBody(tracker.BodySettings, Track.Nothing, null, null, null, null);
        var stream = new DetachableStream(
            new ScriptedStream(Answers.ClaudeStart, Answers.ClaudeText, Answers.ClaudeDelta, Answers.ClaudeStop), body);
        var lease = new BodyReadGuard(body, new BodyDrainer(new DrainLimits(), TimeProvider.System)) { Drainable = stream };
        byte[] buffer = new byte[1000];
        _ = isSync ? stream.Read(buffer, 0, buffer.Length) : await stream.ReadAsync(buffer, Cancellation);

        lease.Leave().Should().BeTrue(); // Before the wrapper that asked for the piece has seen it.

        UsageRecord record = await body.Completion;
        record.Should().Match<UsageRecord>(
            r => r.Drained && r.Usage.InputTokens == 25 && r.Usage.OutputTokens == 15 && r.BytesReceived == Answers.ClaudeBytes.Length);
    }

    private static async Task CancelReadAsync(PipeReader reader, int minimumSize)
    {
        using var cancelled = new CancellationTokenSource();
        Task<ReadResult> read = reader.ReadAtLeastAsync(minimumSize, cancelled.Token).AsTask();
        await cancelled.CancelAsync();
        (await read.Invoking(r => r).Should().ThrowAsync<OperationCanceledException>()).Which.CancellationToken
            .Should().Be(cancelled.Token);
    }

    // By a tracker that is draining as many as it may.
    private static PipeReader Occupied(PipeReader body, out UsageTracking tracking)
    {
        var tracker = new UsageTracker(new RecordingSink(), Draining(maxConcurrent: 1));
        tracker.Track(new ScriptedStream(new TaskCompletionSource().Task), Track.Nothing, out _).Dispose();
        return tracker.Track(body, Track.Nothing, out tracking);
    }

    private static RequestDelegate Slowly(Task mayGoOn) => async context =>
    {
        await LoopbackProvider.Events(Answers.ClaudeStart)(context);
        await mayGoOn;
        await LoopbackProvider.WriteAsync(context, Answers.ClaudeText + Answers.ClaudeDelta + Answers.ClaudeStop);
    };

    private static UsageTracker Tracker(out RecordingSink sink)
    {
        sink = new RecordingSink();
        return new UsageTracker(sink, Draining());
    }

    private static StreamUsageOptions Draining(long maxBytes = 1 << 20, int maxConcurrent = 10) =>
        new()
        {
            DrainAbortedStreams =
                new DrainLimits { MaxBytes = maxBytes, MaxConcurrent = maxConcurrent, MaxTime = TimeSpan.FromSeconds(30) },
        };

    private sealed class FullDisk : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("disk full");
    }

    // A stream whose read ignores its token.
    private sealed class DeafStream(Task mayEnd) : MemoryStream
    {
        public TaskCompletionSource IsReading { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource IsDisposed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            IsReading.TrySetResult();
            await mayEnd;
            return 0;
        }

        protected override void Dispose(bool disposing)
        {
            IsDisposed.TrySetResult();
            base.Dispose(disposing);
        }
    }

    private sealed class CancelsAfterFirstWrite(CancellationTokenSource stop) : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await base.WriteAsync(buffer, cancellationToken);
            await stop.CancelAsync();
        }
    }
}
