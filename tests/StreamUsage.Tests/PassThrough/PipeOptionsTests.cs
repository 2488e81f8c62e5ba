using System.IO.Pipelines;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>
/// The inner pipe decides where its readers continue, reports its writer's completion and checks positions.
/// </summary>
public sealed class PipeOptionsTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reader_is_continued_where_the_pipes_options_say(bool usesContext)
    {
        var pipe = new Pipe(new PipeOptions(useSynchronizationContext: usesContext));
        PipeReader tracked = new UsageTracker(new RecordingSink()).Track(pipe.Reader, Track.Nothing, out _);
        var context = new CountingContext();
        SynchronizationContext? before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(context);
        Task<ReadResult> read = ReadAsync(tracked);
        SynchronizationContext.SetSynchronizationContext(before);

        await pipe.Writer.WriteAsync(new byte[1], TestContext.Current.CancellationToken);
        await read;

        (context.Posts > 0).Should().Be(usesContext);
    }

    [Fact]
    public async Task A_read_may_be_awaited_twice_at_once_and_again_after_it()
    {
        var pipe = new Pipe();
        PipeReader tracked = new UsageTracker(new RecordingSink()).Track(pipe.Reader, Track.Nothing, out _);
        ValueTask<ReadResult> read = tracked.ReadAsync(TestContext.Current.CancellationToken);
        ValueTask<ReadResult> same = read;

        Task<ReadResult> first = AwaitAsync(read), second = AwaitAsync(same);
        await pipe.Writer.WriteAsync(new byte[3], TestContext.Current.CancellationToken);

        ReadResult[] results = [await first, await second, await AwaitAsync(same)];
        results.Should().OnlyContain(result => result.Buffer.Length == 3);
    }

    [Fact]
    public async Task A_streams_read_may_be_awaited_twice()
    {
        var mayGoOn = new TaskCompletionSource();
        Stream tracked = Track.Stream(new ScriptedStream(mayGoOn.Task, Answers.Claude), out _, out _);
        ValueTask<int> read = tracked.ReadAsync(new byte[10], TestContext.Current.CancellationToken);
        ValueTask<int> same = read;

        Task<int> first = AwaitAsync(read), second = AwaitAsync(same);
        mayGoOn.SetResult();

        new[] { await first, await second, await AwaitAsync(same) }.Should().Equal(10, 10, 10);
    }

    [Fact]
    public async Task The_writers_end_is_told_to_who_asked_the_tracked_pipe()
    {
        var pipe = new Pipe();
        PipeReader tracked = new UsageTracker(new RecordingSink()).Track(pipe.Reader, Track.Nothing, out _);
        var completed = new TaskCompletionSource<object?>();

#pragma warning disable CS0618 // What a caller may still use.
        tracked.OnWriterCompleted((_, state) => completed.SetResult(state), "state");
#pragma warning restore CS0618
        await pipe.Writer.CompleteAsync();

        (await completed.Task).Should().Be("state");
    }

    [Fact]
    public async Task A_position_that_is_given_back_late_counts_and_no_byte_counts_twice()
    {
        PipeReader tracked = new UsageTracker(new RecordingSink())
            .Track(PipeReader.Create(new MemoryStream(Answers.ClaudeBytes)), Track.Nothing, out UsageTracking tracking);
        ReadResult result = await tracked.ReadAsync(TestContext.Current.CancellationToken);
        SequencePosition early = result.Buffer.GetPosition(10), late = result.Buffer.GetPosition(60);

        tracked.AdvanceTo(early);
        tracked.AdvanceTo(late); // A pipe over a stream takes that.
        await tracked.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);

        (await tracking.Completion).Should().Match<UsageRecord>(
            r => r.Outcome == StreamOutcome.Completed && r.BytesReceived == Answers.ClaudeBytes.Length && r.EventCount == 4);
    }

    [Fact]
    public async Task A_destination_that_fails_means_that_the_pipes_reader_has_left()
    {
        PipeReader tracked = new UsageTracker(new RecordingSink())
            .Track(PipeReader.Create(new MemoryStream(Answers.ClaudeBytes[..200])), Track.Nothing, out UsageTracking tracking);

        await tracked.Awaiting(t => t.CopyToAsync(new Differential.FullDisk(), TestContext.Current.CancellationToken))
            .Should().ThrowAsync<IOException>();

        (await tracking.Completion).Outcome.Should().Be(StreamOutcome.ClientAborted);
    }

    private static async Task<ReadResult> ReadAsync(PipeReader reader) => await reader.ReadAsync(TestContext.Current.CancellationToken);

    private static async Task<T> AwaitAsync<T>(ValueTask<T> task) => await task;

    private sealed class CountingContext : SynchronizationContext
    {
        public int Posts { get; private set; }

        public override void Post(SendOrPostCallback d, object? state)
        {
            Posts++;
            ThreadPool.UnsafeQueueUserWorkItem(_ => d(state), null);
        }
    }
}
