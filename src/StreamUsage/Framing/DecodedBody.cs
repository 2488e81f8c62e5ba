using System.Buffers;
using System.Diagnostics;
using StreamUsage.Buffers;
using StreamUsage.Framing.Encodings;

namespace StreamUsage.Framing;

/// <summary>Decodes the tracked copy of an encoded body as its bytes come. A fault ends the decoding, and earlier
/// results stay. Each read has a time limit, since a few bytes can decode to megabytes. The rest is queued, encoded,
/// for the next read or the end of the body.</summary>
internal sealed class DecodedBody(IReadOnlyList<Func<IContentDecoder>> factories, BufferBudget? budget = null)
{
    // Limits a decompression bomb: an event stream grows 5 to 50 times, one repeated event under gzip 260 times, a bomb
    // 1,000 times or more. The free part is for short answers.
    private const long FreeDecodedBytes = 64 * 1024;
    private const long MaxRatio = 300;

    // Above this many queued bytes, the body comes faster than it is decoded, and the reader has to wait.
    private const int MaxQueuedBytes = 1024 * 1024;

    // The reader does not wait for a body that has grown more than this: it would wait for seconds. Event streams do
    // not (5 to 50 times), save one that repeats a single event.
    private const long MaxRatioToWaitFor = 64;

    // 2 ms. A piece takes 10 to 100 microseconds, ten times as long before the JIT has optimized the code. The first
    // piece is decoded even if the time is over, unless it yields nothing in its first step.
    private static readonly long MaxTicksPerRead = Stopwatch.Frequency / 500;

    private DecoderChain? _decoders;
    private BudgetedBuffer _queue = new(budget);
    private long _received;
    private bool _isBehind, _hasText;

    /// <summary>Gets what ended the decoding early; null if nothing has.</summary>
    public ContentFault? Fault { get; private set; } = factories.Count == 0 ? ContentFault.Unsupported : null;

    /// <summary>Gets whether received bytes are not decoded yet.</summary>
    public bool IsBehind => _isBehind && Fault is null;

    /// <summary>Decodes and reads bytes, up to the time limit of one read.</summary>
    public void Read(ReadOnlySpan<byte> bytes, BodyReader reader)
    {
        if (_decoders is null && Fault is null)
        {
            _decoders = new DecoderChain();
            Fault = _decoders.TryOpen(factories) ? null : ContentFault.Damaged;
        }

        _received += bytes.Length;
        if (IsBehind && TryQueue(bytes))
        {
            ReadOn(reader);
        }
        else if (!TryQueueAfterDecoding(bytes, reader) && Fault is null)
        {
            ReadOnlySpan<byte> rest = bytes;
            _isBehind = !DecodeForAWhile(ref rest, reader);
            if (IsBehind)
            {
                _queue.Append(rest);
            }
        }

        if (Fault is not null)
        {
            _queue.Release();
            if (!_hasText)
            {
                reader.Events.KeepExcerpt(bytes); // The body may not be encoded at all.
            }
        }
    }

    /// <summary>Decodes queued bytes, up to the time limit of one read.</summary>
    public void ReadOn(BodyReader reader)
    {
        ReadOnlySpan<byte> rest = _queue.Span;
        _isBehind = !DecodeForAWhile(ref rest, reader);
        if (IsBehind)
        {
            _queue.RemoveFirst(_queue.Length - rest.Length);
        }
        else
        {
            _queue.Release();
        }
    }

    /// <summary>Disposes the decoders. Returns the first exception; null if there was none.</summary>
    public Exception? Release()
    {
        _isBehind = false;
        _queue.Release();
        Exception? fault = _decoders?.Release();
        _decoders = null;
        return fault;
    }

    // Decodes queued bytes until the new ones fit behind them, and queues these. Here the reader waits. Returns false
    // if the queue was emptied first, or if the decoding has ended.
    private bool TryQueueAfterDecoding(ReadOnlySpan<byte> bytes, BodyReader reader)
    {
        while (IsBehind)
        {
            if (_decoders!.DecodedBytes > MaxRatioToWaitFor * (_received - bytes.Length - _queue.Length))
            {
                Fault = ContentFault.TooLarge;
                return false;
            }

            ReadOn(reader);
            if (IsBehind && TryQueue(bytes))
            {
                return true;
            }
        }

        return false;
    }

    private bool TryQueue(ReadOnlySpan<byte> bytes) => _queue.Length + bytes.Length <= MaxQueuedBytes && _queue.TryAppend(bytes);

    // Returns false if the time ends before the bytes do.
    private bool DecodeForAWhile(ref ReadOnlySpan<byte> bytes, BodyReader reader)
    {
        long deadline = Stopwatch.GetTimestamp() + MaxTicksPerRead;
        byte[] piece = ArrayPool<byte>.Shared.Rent(DecoderChain.PieceSize);
        try
        {
            do
            {
                DecoderChain.Result result = _decoders!.Decode(ref bytes, piece, deadline, out int length);
                Fault = _decoders.DecodedBytes > FreeDecodedBytes + (MaxRatio * _received) ? ContentFault.TooLarge
                    : result == DecoderChain.Result.Damaged ? ContentFault.Damaged : null;
                if (Fault is not null || result == DecoderChain.Result.NeedMore)
                {
                    return true;
                }

                if (result == DecoderChain.Result.Late)
                {
                    return false;
                }

                _hasText = true;
                reader.Read(piece.AsSpan(0, length));
            }
            while (Stopwatch.GetTimestamp() <= deadline);

            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }
}
