using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using StreamUsage.Sse;

namespace StreamUsage.Tests.Support;

/// <summary>What an event said, decoded. Data that is not UTF-8 has replacement characters.</summary>
internal sealed record DecodedEvent(string Type, string Data, string Id = "", TimeSpan? Retry = null);

/// <summary>Reads bytes through <see cref="SseReader"/>, cut as asked.</summary>
internal static class SseBytes
{
    /// <summary>Each read of the pipe brings one more piece.</summary>
    public static PipeReader InPieces(byte[] body, int pieceLength) =>
        PipeReader.Create(new PiecewiseStream(body, Math.Max(1, pieceLength)));

    /// <summary>Two reads: what is before the cut, and what is after it.</summary>
    public static PipeReader CutAt(byte[] body, int cut) => PipeReader.Create(new PiecewiseStream(body, Math.Max(1, cut), cutOnce: true));

    /// <summary>One read whose buffer has a segment for each of the lengths, then one for the rest.</summary>
    public static PipeReader InSegments(byte[] body, params ReadOnlySpan<int> lengths) =>
        PipeReader.Create(body.Length == 0 ? ReadOnlySequence<byte>.Empty : Segmented(body, lengths));

    public static ReadOnlySequence<byte> Segmented(byte[] body, params ReadOnlySpan<int> lengths)
    {
        var first = new Segment(ReadOnlyMemory<byte>.Empty, null);
        Segment last = first;
        int at = 0;
        foreach (int length in lengths)
        {
            int taken = Math.Min(length, body.Length - at);
            last = new Segment(body.AsMemory(at, taken), last);
            at += taken;
        }

        last = new Segment(body.AsMemory(at), last);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    public static async Task<List<DecodedEvent>> ReadAsync(PipeReader reader, SseReaderOptions? options = null)
    {
        var events = new List<DecodedEvent>();
        await foreach (SseEvent e in SseReader.ReadAllAsync(reader, options, TestContext.Current.CancellationToken))
        {
            events.Add(Decode(e));
        }

        return events;
    }

    /// <summary>Whole, byte by byte, and cut once at every position (as two reads and as two segments of one): all must
    /// say the same.</summary>
    public static async Task ShouldDecodeToAsync(byte[] body,
        IReadOnlyList<DecodedEvent> expected, SseReaderOptions? options = null, bool comparesIds = true, bool comparesRetry = true)
    {
        await CheckAsync(InPieces(body, body.Length), "whole");
        await CheckAsync(InPieces(body, 1), "byte by byte");
        for (int cut = 1; cut < body.Length; cut++)
        {
            await CheckAsync(CutAt(body, cut), $"cut at {cut}");
            await CheckAsync(InSegments(body, cut), $"two segments, cut at {cut}");
        }

        async Task CheckAsync(PipeReader reader, string how)
        {
            List<DecodedEvent> events = await ReadAsync(reader, options);
            events.Select(e => e with { Id = comparesIds ? e.Id : "", Retry = comparesRetry ? e.Retry : null })
                .Should().Equal(expected, "of '{0}' {1}", Encoding.UTF8.GetString(body[..Math.Min(body.Length, 200)]), how);
        }
    }

    public static DecodedEvent Decode(in SseEvent e) => new(e.EventType, Encoding.UTF8.GetString(e.Data.Span), e.LastEventId, e.Retry);

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is not null)
            {
                RunningIndex = previous.RunningIndex + previous.Memory.Length;
                previous.Next = this;
            }
        }
    }
}
