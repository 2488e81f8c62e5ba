using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using StreamUsage.Buffers;
using StreamUsage.Framing;

namespace StreamUsage.Sse;

/// <summary>Reads server-sent events from a <see cref="PipeReader"/>.</summary>
public static class SseReader
{
    private static readonly SseReaderOptions Defaults = new();

    /// <summary>Decodes <c>text/event-stream</c> by WHATWG HTML, section 9.2.6. The reader is read to its end but not
    /// completed.</summary>
    /// <remarks>
    /// <para>Memory is bounded: <see cref="SseReaderOptions.MaxEventBytes"/> limits the data, the type and the id of an
    /// event, each by itself.</para>
    /// <para>If the enumeration is left after an event, the bytes after that event stay in the pipe. If a wait for more
    /// bytes is canceled, the part of an event that was read before is lost. Exceptions of the pipe pass through.
    /// Enumerate the result once.</para>
    /// </remarks>
    /// <param name="reader">The pipe to read.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the enumeration with an <see cref="OperationCanceledException"/>, as
    /// <see cref="PipeReader.CancelPendingRead"/> does.</param>
    /// <returns>The events, in order. The data of each is valid until the next is requested.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="reader"/> is null.</exception>
    public static IAsyncEnumerable<SseEvent> ReadAllAsync(
        PipeReader reader, SseReaderOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return ReadAllCoreAsync(reader, options ?? Defaults, cancellationToken);
    }

    private static async IAsyncEnumerable<SseEvent> ReadAllCoreAsync(
        PipeReader reader, SseReaderOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var decoder = new SseDecoder(options.MaxEventBytes);
        string eventType = SseEvent.DefaultType;
        string lastEventId = "";
        try
        {
            bool isCompleted;
            do
            {
                ReadResult result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                ReadOnlySequence<byte> buffer = result.Buffer;
                SequencePosition consumed = buffer.Start;
                try
                {
                    if (result.IsCanceled)
                    {
                        throw new OperationCanceledException("The pending read of the pipe was canceled.");
                    }

                    foreach (ReadOnlyMemory<byte> piece in buffer)
                    {
                        SequencePosition pieceStart = consumed;
                        int position = 0;
                        while (decoder.Read(piece.Span, ref position) is var found and not FramingResult.NeedMore)
                        {
                            consumed = buffer.GetPosition(position, pieceStart);
                            if (found == FramingResult.Event)
                            {
                                yield return Create(decoder, piece, ref eventType, ref lastEventId);
                            }
                        }

                        consumed = buffer.GetPosition(piece.Length, pieceStart);
                    }
                }
                finally
                {
                    reader.AdvanceTo(consumed);
                }

                isCompleted = result.IsCompleted;
            }
            while (!isCompleted);

            FramingResult last = decoder.Finish();
            bool isWhole = last == FramingResult.Event
                || (last == FramingResult.Unfinished && UnfinishedData.IsWhole(decoder.GetData(default(ReadOnlySpan<byte>))));
            if (isWhole && options.DeliverUnfinishedEvent)
            {
                yield return Create(decoder, default, ref eventType, ref lastEventId);
            }
        }
        finally
        {
            decoder.Release();
        }
    }

    private static SseEvent Create(in SseDecoder decoder, ReadOnlyMemory<byte> piece, ref string eventType, ref string lastEventId)
    {
        ReadOnlySpan<byte> type = decoder.GetEventType(piece.Span);
        eventType = type.IsEmpty ? SseEvent.DefaultType : Reuse(eventType, type);
        SseReconnection reconnection = decoder.Reconnection!;
        lastEventId = Reuse(lastEventId, reconnection.LastEventId);
        TimeSpan? retry = reconnection.RetryMilliseconds < 0 ? null : TimeSpan.FromMilliseconds(reconnection.RetryMilliseconds);
        return new SseEvent(eventType, decoder.GetData(piece), lastEventId, retry);
    }

    // Types and ids repeat from event to event, so an equal string is reused.
    private static string Reuse(string last, ReadOnlySpan<byte> utf8)
    {
        if (last.Length == utf8.Length && Ascii.Equals(utf8, last))
        {
            return last;
        }

        return Encoding.UTF8.GetString(utf8);
    }
}
