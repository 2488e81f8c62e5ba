using StreamUsage.Tests.Support;

#pragma warning disable CA1835 // Each overload is read on purpose.

namespace StreamUsage.Tests.PassThrough;

/// <summary>Each read of a tracked stream is one read of the body, with the same bytes and the same end.</summary>
public sealed class StreamReadTests
{
    public enum Overload
    {
        Array,
        Span,
        ArrayAsync,
        MemoryAsync,
        BeginRead,
    }

    [Theory]
    [InlineData(Overload.Array)]
    [InlineData(Overload.Span)]
    [InlineData(Overload.ArrayAsync)]
    [InlineData(Overload.MemoryAsync)]
    [InlineData(Overload.BeginRead)]
    public async Task Every_overload_returns_the_bodys_own_reads(Overload overload)
    {
        var body = new ScriptedStream(Answers.ClaudeStart, Answers.ClaudeText, Answers.ClaudeDelta + Answers.ClaudeStop);
        Stream tracked = Track.Stream(body, out UsageTracking tracking, out _);
        var buffer = new byte[4096];
        var reads = new List<string>();

        for (int length; (length = await ReadAsync(tracked, buffer, overload)) != 0;)
        {
            reads.Add(System.Text.Encoding.UTF8.GetString(buffer, 3, length));
        }

        reads.Should().Equal(Answers.ClaudeStart, Answers.ClaudeText, Answers.ClaudeDelta + Answers.ClaudeStop);
        buffer[..3].Should().AllBeEquivalentTo((byte)0);
        body.Calls.Should().HaveCount(4).And.OnlyContain(call => call.Contains("4000"));
        (await tracking.Completion).Should().Match<UsageRecord>(
            r => r.ReadCount == 3 && r.Outcome == StreamOutcome.Completed && r.BytesReceived == Answers.ClaudeBytes.Length);
    }

    [Fact]
    public async Task ReadByte_gives_each_byte_and_then_minus_one()
    {
        Stream tracked = Track.Stream(new ScriptedStream(Answers.Claude), out UsageTracking tracking, out _);
        var seen = new List<byte>();

        for (int value; (value = tracked.ReadByte()) >= 0;)
        {
            seen.Add((byte)value);
        }

        seen.Should().Equal(Answers.ClaudeBytes);
        tracked.ReadByte().Should().Be(-1);
        (await tracking.Completion).Should().Match<UsageRecord>(r => r.ReadCount == seen.Count && r.Usage.OutputTokens == 15);
    }

    [Fact]
    public async Task A_read_into_an_empty_buffer_passes_through_and_is_no_end()
    {
        var body = new ScriptedStream(Answers.Claude);
        Stream tracked = Track.Stream(body, out UsageTracking tracking, out _);

        (await tracked.ReadAsync(Memory<byte>.Empty)).Should().Be(0);
        (await tracked.ReadAsync([], 0, 0)).Should().Be(0);
        tracked.Read([]).Should().Be(0);
        tracked.Read([], 0, 0).Should().Be(0);

        body.Calls.Should().HaveCount(4);
        tracking.Fail(500, "still open").Should().BeTrue();
        (await Track.ReadToEndAsync(tracked)).Should().Be(Answers.Claude);
        (await tracking.Completion).Should().Match<UsageRecord>(
            r => r.Outcome == StreamOutcome.Completed && r.ReadCount == (Answers.ClaudeBytes.Length + 99) / 100);
    }

    [Fact]
    public async Task A_read_that_completes_synchronously_stays_synchronous()
    {
        Stream tracked = Track.Stream(new ScriptedStream(Answers.Claude), out _, out _);

        Task<int> read = tracked.ReadAsync(new byte[10].AsMemory()).AsTask();

        read.IsCompletedSuccessfully.Should().BeTrue();
        (await read).Should().Be(10);
    }

    [Fact]
    public async Task A_read_that_waits_completes_when_the_bodys_does()
    {
        var bytesCome = new TaskCompletionSource();
        var body = new ScriptedStream(bytesCome.Task, Answers.Claude);
        Stream tracked = Track.Stream(body, out UsageTracking tracking, out _);
        var buffer = new byte[4096];

        ValueTask<int> read = tracked.ReadAsync(buffer);
        read.IsCompleted.Should().BeFalse();
        bytesCome.SetResult();

        (await read).Should().Be(Answers.ClaudeBytes.Length);
        buffer[..Answers.ClaudeBytes.Length].Should().Equal(Answers.ClaudeBytes);
        tracking.Current.EventCount.Should().Be(4);
    }

    [Fact]
    public async Task Bytes_are_counted_before_the_read_returns()
    {
        Stream tracked = Track.Stream(new ScriptedStream(Answers.ClaudeStart), out UsageTracking tracking, out _);

        _ = await tracked.ReadAsync(new byte[4096]);

        tracking.Current.Should().Match<UsageSnapshot>(s => s.Usage.InputTokens == 25 && s.EventCount == 1);
    }

    [Fact]
    public async Task Reads_after_the_end_give_nothing_and_change_nothing()
    {
        Stream tracked = Track.Stream(new ScriptedStream(Answers.Claude), out UsageTracking tracking, out RecordingSink sink);
        await Track.ReadToEndAsync(tracked);

        (await tracked.ReadAsync(new byte[10])).Should().Be(0);
        tracked.Read(new byte[10], 0, 10).Should().Be(0);
        await tracked.DisposeAsync();

        (await tracking.Completion).Outcome.Should().Be(StreamOutcome.Completed);
        sink.Records.Should().HaveCount(1);
    }

    [Fact]
    public async Task A_cancelled_read_throws_as_without_tracking_and_a_dispose_then_means_that_the_reader_left()
    {
        var never = new TaskCompletionSource();
        var body = new ScriptedStream(Answers.ClaudeStart + Answers.ClaudeText, never.Task);
        Stream tracked = Track.Stream(body, out UsageTracking tracking, out _);
        using var cancellation = new CancellationTokenSource();
        _ = await tracked.ReadAsync(new byte[4096]);

        Task<int> read = tracked.ReadAsync(new byte[10], cancellation.Token).AsTask();
        await body.IsWaiting.Task;
        await cancellation.CancelAsync();

        (await FluentActions.Awaiting(() => read).Should().ThrowAsync<OperationCanceledException>()).Which.CancellationToken
            .Should().Be(cancellation.Token);
        await tracked.DisposeAsync();
        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && r.StatusCode == 499 && r.ErrorMessage == null);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_read_that_fails_throws_the_bodys_own_exception_and_the_body_broke(bool isAsynchronous)
    {
        var fault = new IOException("connection reset");
        Stream tracked = Track.Stream(new ScriptedStream(Answers.ClaudeStart, fault), out UsageTracking tracking, out _);
        var buffer = new byte[4096];
        _ = tracked.Read(buffer);

        (await FluentActions.Awaiting(async () => isAsynchronous ? await tracked.ReadAsync(buffer) : tracked.Read(buffer, 0, 10))
            .Should().ThrowAsync<IOException>()).Which.Should().BeSameAs(fault);

        (await tracking.Completion).Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Interrupted
            && r.StatusCode == 502 && r.ErrorMessage == "connection reset" && r.ErrorType == "IOException");
    }

    [Fact]
    public async Task A_way_of_reading_that_the_body_does_not_know_is_no_end()
    {
        Stream tracked = Track.Stream(
            new ScriptedStream(new NotSupportedException("asynchronous only"), Answers.Claude), out UsageTracking tracking, out _);

        tracked.Invoking(t => t.Read(new byte[10])).Should().Throw<NotSupportedException>();
        await Track.ReadToEndAsync(tracked);

        (await tracking.Completion).Outcome.Should().Be(StreamOutcome.Completed);
    }

    [Fact]
    public async Task A_stream_that_does_not_stand_at_its_beginning_is_tracked_from_where_it_stands()
    {
        var body = new MemoryStream([.. "skipped: "u8, .. Answers.ClaudeBytes]) { Position = 9 };
        Stream tracked = Track.Stream(body, out UsageTracking tracking, out _);

        tracked.ReadExactly(new byte[50]);
        tracked.Position = 9;
        await tracked.CopyToAsync(Stream.Null);

        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Completed && r.BytesReceived == Answers.ClaudeBytes.Length);
    }

    [Fact]
    public async Task A_reader_that_looks_ahead_and_comes_back_misses_nothing()
    {
        Stream tracked = Track.Stream(new MemoryStream(Answers.ClaudeBytes), out UsageTracking tracking, out _);

        tracked.Seek(-20, SeekOrigin.End);
        tracked.ReadExactly(new byte[10]);
        tracked.Position = 0;
        await Track.ReadToEndAsync(tracked);

        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Completed && r.BytesReceived == Answers.ClaudeBytes.Length);
    }

    private static async Task<int> ReadAsync(Stream stream, byte[] buffer, Overload overload) => overload switch
    {
        Overload.Array => stream.Read(buffer, 3, 4000),
        Overload.Span => stream.Read(buffer.AsSpan(3, 4000)),
        Overload.ArrayAsync => await stream.ReadAsync(buffer, 3, 4000, TestContext.Current.CancellationToken),
        Overload.MemoryAsync => await stream.ReadAsync(buffer.AsMemory(3, 4000), TestContext.Current.CancellationToken),
        _ => await Task.Factory.FromAsync((callback, state) => stream.BeginRead(buffer, 3, 4000, callback, state), stream.EndRead, null),
    };
}
