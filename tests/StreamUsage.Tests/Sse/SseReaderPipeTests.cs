using System.IO.Pipelines;
using System.Text;
using StreamUsage.Sse;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Sse;

/// <summary>How <see cref="SseReader"/> treats the pipe it reads.</summary>
public sealed class SseReaderPipeTests
{
    [Fact]
    public void A_reader_must_be_given()
    {
        Action read = () => SseReader.ReadAllAsync(null!);

        read.Should().Throw<ArgumentNullException>().WithParameterName("reader");
    }

    [Fact]
    public async Task Events_come_out_as_soon_as_their_blank_line_is_there()
    {
        var pipe = new Pipe();
        await using IAsyncEnumerator<SseEvent> events = SseReader.ReadAllAsync(pipe.Reader)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await pipe.Writer.WriteAsync("data: a\n\nda"u8.ToArray());

        (await events.MoveNextAsync()).Should().BeTrue();
        Encoding.UTF8.GetString(events.Current.Data.Span).Should().Be("a");

        ValueTask<bool> next = events.MoveNextAsync();
        next.IsCompleted.Should().BeFalse();
        await pipe.Writer.WriteAsync("ta: b\n"u8.ToArray());
        next.IsCompleted.Should().BeFalse();
        await pipe.Writer.WriteAsync("\n"u8.ToArray());
        (await next).Should().BeTrue();
        Encoding.UTF8.GetString(events.Current.Data.Span).Should().Be("b");
    }

    [Fact]
    public async Task The_carriage_return_that_ends_a_chunk_ends_the_event_without_waiting_for_a_line_feed()
    {
        var pipe = new Pipe();
        await using IAsyncEnumerator<SseEvent> events = SseReader.ReadAllAsync(pipe.Reader)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await pipe.Writer.WriteAsync("data: a\r\n\r"u8.ToArray());

        ValueTask<bool> next = events.MoveNextAsync();

        next.IsCompleted.Should().BeTrue();
        (await next).Should().BeTrue();
        await pipe.Writer.WriteAsync("\ndata: b\r\n\r\n"u8.ToArray());
        await pipe.Writer.CompleteAsync();
        (await events.MoveNextAsync()).Should().BeTrue();
        Encoding.UTF8.GetString(events.Current.Data.Span).Should().Be("b");
        (await events.MoveNextAsync()).Should().BeFalse();
    }

    [Fact]
    public async Task The_reader_stays_the_callers_and_is_not_completed()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync("data: a\n\n"u8.ToArray());
        await pipe.Writer.CompleteAsync();

        (await SseBytes.ReadAsync(pipe.Reader)).Should().HaveCount(1);

        ReadResult result = await pipe.Reader.ReadAsync(TestContext.Current.CancellationToken); // Throws where the reader was completed.
        result.IsCompleted.Should().BeTrue();
        result.Buffer.IsEmpty.Should().BeTrue();
    }

    [Fact]
    public async Task An_enumeration_left_early_leaves_what_follows_the_event_in_the_pipe()
    {
        PipeReader reader = SseBytes.InSegments(Encoding.UTF8.GetBytes(": comment\ndata: a\n\nid: 9\ndata: b\n\n"), 12, 10);
        await foreach (SseEvent e in SseReader.ReadAllAsync(reader))
        {
            Encoding.UTF8.GetString(e.Data.Span).Should().Be("a");
            break;
        }

        (await SseBytes.ReadAsync(reader)).Should().Equal(new DecodedEvent("message", "b", "9"));
    }

    [Fact]
    public async Task Cancelling_the_token_ends_the_enumeration_and_leaves_the_pipe_readable()
    {
        var pipe = new Pipe();
        using var cancellation = new CancellationTokenSource();
        await using IAsyncEnumerator<SseEvent> events = SseReader.ReadAllAsync(pipe.Reader, cancellationToken: cancellation.Token)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        ValueTask<bool> next = events.MoveNextAsync();

        await cancellation.CancelAsync();

        await Awaiting(next).Should().ThrowAsync<OperationCanceledException>();
        await pipe.Writer.WriteAsync("data: a\n\n"u8.ToArray());
        (await pipe.Reader.ReadAsync(TestContext.Current.CancellationToken)).Buffer.Length.Should().Be(9);
    }

    [Fact]
    public async Task The_token_of_the_enumeration_counts_as_well()
    {
        using var cancellation = new CancellationTokenSource();
        await using IAsyncEnumerator<SseEvent> events = SseReader.ReadAllAsync(new Pipe().Reader).GetAsyncEnumerator(cancellation.Token);
        ValueTask<bool> next = events.MoveNextAsync();

        await cancellation.CancelAsync();

        await Awaiting(next).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Cancelling_the_pending_read_ends_the_enumeration_with_nothing_lost()
    {
        var pipe = new Pipe();
        await using IAsyncEnumerator<SseEvent> events = SseReader.ReadAllAsync(pipe.Reader)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        ValueTask<bool> next = events.MoveNextAsync();

        pipe.Reader.CancelPendingRead();

        await Awaiting(next).Should().ThrowAsync<OperationCanceledException>();
        await pipe.Writer.WriteAsync("data: a\n\n"u8.ToArray());
        await pipe.Writer.CompleteAsync();
        (await SseBytes.ReadAsync(pipe.Reader)).Should().Equal(new DecodedEvent("message", "a"));
    }

    [Fact]
    public async Task A_fault_of_the_pipe_reaches_the_caller_after_the_events_before_it()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync("data: a\n\ndata: {}"u8.ToArray());
        await using IAsyncEnumerator<SseEvent> events = SseReader
            .ReadAllAsync(pipe.Reader, new SseReaderOptions { DeliverUnfinishedEvent = true })
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        (await events.MoveNextAsync()).Should().BeTrue();

        await pipe.Writer.CompleteAsync(new IOException("reset"));

        await Awaiting(events.MoveNextAsync()).Should().ThrowAsync<IOException>().WithMessage("reset");
    }

    private static Func<Task> Awaiting(ValueTask<bool> task) => async () => await task;
}
