using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>A tracked pipe shows what the body's own pipe shows; bytes that it shows again count once.</summary>
public sealed class PipeTests
{
    [Fact]
    public async Task Bytes_that_were_examined_and_not_consumed_are_shown_again_and_count_once()
    {
        var pipe = new Pipe();
        PipeReader tracked = Begin(pipe.Reader, out UsageTracking tracking, out _);
        await pipe.Writer.WriteAsync(Answers.Bytes(Answers.ClaudeStart));
        ReadResult first = await tracked.ReadAsync();
        tracked.AdvanceTo(first.Buffer.GetPosition(10), first.Buffer.End);
        await pipe.Writer.WriteAsync(Answers.Bytes(Answers.ClaudeText + Answers.ClaudeDelta + Answers.ClaudeStop));
        await pipe.Writer.CompleteAsync();

        ReadResult second = await tracked.ReadAsync();
        Encoding.UTF8.GetString(second.Buffer).Should().Be(Answers.Claude[10..]);
        tracked.AdvanceTo(second.Buffer.End);

        (await tracking.Completion).Should().Match<UsageRecord>(
            r => r.BytesReceived == Answers.ClaudeBytes.Length && r.EventCount == 4 && r.ReadCount == 2 && r.Usage.InputTokens == 25);
    }

    [Fact]
    public async Task TryRead_says_whether_there_was_something()
    {
        var pipe = new Pipe();
        PipeReader tracked = Begin(pipe.Reader, out UsageTracking tracking, out _);

        tracked.TryRead(out _).Should().BeFalse();
        await pipe.Writer.WriteAsync(Answers.ClaudeBytes);
        tracked.TryRead(out ReadResult result).Should().BeTrue();

        Encoding.UTF8.GetString(result.Buffer).Should().Be(Answers.Claude);
        tracking.Current.EventCount.Should().Be(4);
    }

    [Fact]
    public async Task ReadAtLeast_waits_for_as_much_as_was_asked_for()
    {
        var pipe = new Pipe();
        PipeReader tracked = Begin(pipe.Reader, out UsageTracking tracking, out _);
        await pipe.Writer.WriteAsync(Answers.Bytes(Answers.ClaudeStart));

        ValueTask<ReadResult> read = tracked.ReadAtLeastAsync(Answers.ClaudeStart.Length + 1);
        read.IsCompleted.Should().BeFalse();
        await pipe.Writer.WriteAsync(Answers.Bytes(Answers.ClaudeText));

        (await read).Buffer.Length.Should().Be(Answers.ClaudeStart.Length + Answers.ClaudeText.Length);
        tracking.Current.EventCount.Should().Be(2);
    }

    [Fact]
    public async Task A_pending_read_that_is_cancelled_is_no_end()
    {
        var pipe = new Pipe();
        PipeReader tracked = Begin(pipe.Reader, out UsageTracking tracking, out _);

        ValueTask<ReadResult> read = tracked.ReadAsync();
        tracked.CancelPendingRead();
        ReadResult cancelled = await read;
        cancelled.IsCanceled.Should().BeTrue();
        tracked.AdvanceTo(cancelled.Buffer.Start);
        await pipe.Writer.WriteAsync(Answers.ClaudeBytes);
        await pipe.Writer.CompleteAsync();
        await DrainAsync(tracked);

        (await tracking.Completion).Outcome.Should().Be(StreamOutcome.Completed);
    }

    [Fact]
    public async Task Completing_the_reader_early_means_that_it_left_and_completes_the_body()
    {
        var pipe = new Pipe();
        PipeReader tracked = Begin(pipe.Reader, out UsageTracking tracking, out RecordingSink sink);
        await pipe.Writer.WriteAsync(Answers.Bytes(Answers.ClaudeStart));
        tracked.AdvanceTo((await tracked.ReadAsync()).Buffer.End);

        tracked.Complete();
        await tracked.CompleteAsync();

        (await pipe.Writer.WriteAsync(new byte[1])).IsCompleted.Should().BeTrue();
        (await tracking.Completion).Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && r.Usage.InputTokens == 25);
        sink.Records.Should().HaveCount(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_pipe_that_is_to_stay_open_stays_open(bool isAsynchronous)
    {
        var pipe = new Pipe();
        PipeReader tracked = Begin(pipe.Reader, out _, out _, new TrackedResponse { LeaveOpen = true });

        if (isAsynchronous)
        {
            await tracked.CompleteAsync();
        }
        else
        {
            tracked.Complete();
        }

        (await pipe.Writer.WriteAsync(new byte[1])).IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task A_default_position_consumes_nothing_as_without_tracking()
    {
        var pipe = new Pipe();
        PipeReader tracked = Begin(pipe.Reader, out UsageTracking tracking, out _);
        await pipe.Writer.WriteAsync(Answers.ClaudeBytes);
        await pipe.Writer.CompleteAsync();

        ReadResult result = await tracked.ReadAsync();
        tracked.AdvanceTo(default, result.Buffer.End);
        result = await tracked.ReadAsync();

        result.Buffer.Length.Should().Be(Answers.ClaudeBytes.Length);
        (await tracking.Completion).BytesReceived.Should().Be(Answers.ClaudeBytes.Length);
    }

    [Fact]
    public async Task A_read_in_several_segments_is_one_read()
    {
        var pipe = new Pipe(new PipeOptions(minimumSegmentSize: 16, pool: new TinyPool()));
        PipeReader tracked = Begin(pipe.Reader, out UsageTracking tracking, out _);
        await pipe.Writer.WriteAsync(Answers.ClaudeBytes);
        await pipe.Writer.CompleteAsync();

        ReadResult result = await tracked.ReadAsync();

        result.Buffer.IsSingleSegment.Should().BeFalse();
        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.ReadCount == 1 && r.EventCount == 4 && r.BytesReceived == Answers.ClaudeBytes.Length);
    }

    [Fact]
    public async Task A_pipe_that_breaks_throws_its_own_exception_and_the_body_broke()
    {
        var pipe = new Pipe();
        var fault = new IOException("connection reset");
        PipeReader tracked = Begin(pipe.Reader, out UsageTracking tracking, out _);
        await pipe.Writer.CompleteAsync(fault);

        (await FluentActions.Awaiting(async () => await tracked.ReadAsync()).Should().ThrowAsync<IOException>()).Which
            .Should().BeSameAs(fault);
        await tracked.CompleteAsync();

        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Interrupted && r.ErrorMessage == "connection reset");
    }

    [Fact]
    public async Task ReadAsync_reads_a_stored_body_to_its_record()
    {
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink);
        var body = new ScriptedStream(Answers.Claude);

        UsageRecord record = await tracker.ReadAsync(PipeReader.Create(body), new UsageContext { RequestId = "r1" });

        record.Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Completed
            && r.Usage.OutputTokens == 15 && r.Context.RequestId == "r1" && r.HttpStatusCode == null && r.StatusCode == 200);
        sink.Records.Should().Equal(record);
        body.DisposeCount.Should().BePositive();
    }

    [Fact]
    public async Task ReadAsync_of_a_body_that_breaks_returns_the_record_of_it()
    {
        await using var tracker = new UsageTracker(new RecordingSink());

        UsageRecord record = await tracker.ReadAsync(
            PipeReader.Create(new ScriptedStream(Answers.ClaudeStart, new IOException("connection reset"))), Track.Nothing);

        record.Should().Match<UsageRecord>(
            r => r.Outcome == StreamOutcome.Interrupted && r.ErrorMessage == "connection reset" && r.Usage.InputTokens == 25);
    }

    [Fact]
    public async Task ReadAsync_that_is_cancelled_throws_when_the_record_was_handed_over()
    {
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink);
        var body = new ScriptedStream(Answers.ClaudeStart, new TaskCompletionSource().Task);
        using var cancellation = new CancellationTokenSource();

        Task<UsageRecord> reading = tracker.ReadAsync(PipeReader.Create(body), Track.Nothing, cancellationToken: cancellation.Token);
        await body.IsWaiting.Task;
        await cancellation.CancelAsync();

        await FluentActions.Awaiting(() => reading).Should().ThrowAsync<OperationCanceledException>();
        sink.Records.Should().ContainSingle().Which
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && r.Usage.InputTokens == 25);
    }

    private static PipeReader Begin(PipeReader body, out UsageTracking tracking, out RecordingSink sink, TrackedResponse? response = null)
    {
        sink = new RecordingSink();
        return new UsageTracker(sink).Track(body, Track.Nothing, out tracking, response);
    }

    private static async Task DrainAsync(PipeReader reader)
    {
        ReadResult result;
        do
        {
            result = await reader.ReadAsync();
            reader.AdvanceTo(result.Buffer.End);
        }
        while (!result.IsCompleted);
    }

    /// <summary>Gives buffers of 16 bytes, so that what is written lies in many segments.</summary>
    private sealed class TinyPool : MemoryPool<byte>
    {
        public override int MaxBufferSize => 16;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => new Owner();

        protected override void Dispose(bool disposing)
        {
        }

        private sealed class Owner : IMemoryOwner<byte>
        {
            public Memory<byte> Memory { get; } = new byte[16];

            public void Dispose()
            {
            }
        }
    }
}
