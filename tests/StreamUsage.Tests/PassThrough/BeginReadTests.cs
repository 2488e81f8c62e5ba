using StreamUsage.Tests.Races;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>Reads and writes in two calls (Begin and End) fail and end like those in one.</summary>
public sealed class BeginReadTests
{
    [Fact]
    public async Task A_read_that_fails_when_it_begins_means_that_the_body_broke()
    {
        Stream tracked = Track.Stream(new BrokenStream(), out UsageTracking tracking, out _);

        tracked.Invoking(t => t.BeginRead(new byte[10], 0, 10, null, null)).Should().Throw<IOException>();
        await tracked.DisposeAsync();

        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Interrupted && r.ErrorMessage == "connection reset");
    }

    [Fact]
    public async Task A_read_that_is_ended_twice_counts_once()
    {
        Stream tracked = Track.Stream(
            new ModelStream(Answers.ClaudeBytes, canSeek: false, breaks: false), out UsageTracking tracking, out _);
        IAsyncResult read = tracked.BeginRead(new byte[100], 0, 100, null, null);

        int first = tracked.EndRead(read), second = tracked.EndRead(read);
        string rest = await Track.ReadToEndAsync(tracked);

        second.Should().Be(first);
        rest.Should().Be(Answers.Claude[first..]);
        (await tracking.Completion).Should().Match<UsageRecord>(
            r => r.Outcome == StreamOutcome.Completed && r.BytesReceived == Answers.ClaudeBytes.Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_destination_that_fails_in_a_write_of_two_calls_means_that_the_reader_left(bool failsWhenItBegins)
    {
        Stream tracked = Track.Stream(new WritingStream(), out UsageTracking tracking, out _);

        tracked.Invoking(t => t.CopyTo(new Destination(failsWhenItBegins))).Should().Throw<IOException>();

        (await tracking.Completion).Outcome.Should().Be(StreamOutcome.ClientAborted);
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override IAsyncResult BeginRead(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
            throw new IOException("connection reset");
    }

    private sealed class WritingStream : MemoryStream
    {
        public override void CopyTo(Stream destination, int bufferSize) =>
            destination.EndWrite(destination.BeginWrite(Answers.ClaudeBytes, 0, 50, null, null));
    }

    private sealed class Destination(bool failsWhenItBegins) : MemoryStream
    {
        public override IAsyncResult BeginWrite(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state) =>
            failsWhenItBegins ? throw new IOException("disk full") : TaskToAsyncResult.Begin(Task.CompletedTask, callback, state);

        public override void EndWrite(IAsyncResult asyncResult) => throw new IOException("disk full");
    }
}
