using System.Buffers;
using System.Diagnostics;
using StreamUsage.Buffers;
using StreamUsage.Framing.Encodings;

namespace StreamUsage.Framing;

/// <summary>Decodes the copy of a body that is accounted, as its bytes come, in pieces of one size. Made only for a
/// body that says that it is encoded. Whatever is wrong with it ends the decoding, and what was read until then stands.
/// A read decodes for a limited time: a few bytes can come to megabytes. What is left over then waits, encoded, for the
/// next read, and at last for the end of the body.</summary>
internal sealed class DecodedBody(IReadOnlyList<Func<IContentDecoder>> factories, BufferBudget? budget = null)
{
    private const int PieceSize = 8 * 1024;

    // What a body may be decoded to: a stream of events comes to 5 to 50 times its size, one event repeated under gzip
    // to 260, a bomb to 1,000 times and far more. The free part is for short answers.
    private const long FreeDecodedBytes = 64 * 1024;
    private const long MaxRatio = 300;

    // A piece is decoded and read in 20 to 200 microseconds. Two of them are always; of more only as many as this time
    // has.
    private const int MinPiecesPerRead = 2;
    private static readonly long MaxTicksPerRead = Stopwatch.Frequency / 500;

    // Where so much waits, the reader is faster than decoding can be: then it has to wait.
    private const int MaxWaitingBytes = 1024 * 1024;

    private Stage[] _stages = [];
    private BudgetedBuffer _waiting = new(budget);
    private long _received, _decoded;
    private bool _isBehind, _hasText;

    /// <summary>Gets why the body was not decoded to its end; null where it was.</summary>
    public ContentFault? Fault { get; private set; } = factories.Count == 0 ? ContentFault.Unknown : null;

    /// <summary>Gets whether something that was received has not been decoded yet.</summary>
    public bool IsBehind => _isBehind && Fault is null;

    /// <summary>Takes in encoded bytes, and has what they decode to read, as far as the time of one read
    /// allows.</summary>
    public void Read(ReadOnlySpan<byte> bytes, BodyReader reader)
    {
        if (_stages.Length == 0 && Fault is null)
        {
            Open();
        }

        _received += bytes.Length;
        if (IsBehind && !TryWait(bytes))
        {
            while (IsBehind)
            {
                ReadOn(reader);
            }
        }

        if (IsBehind)
        {
            ReadOn(reader);
        }
        else if (Fault is null)
        {
            ReadOnlySpan<byte> rest = bytes;
            _isBehind = !DecodeForAWhile(ref rest, reader);
            if (IsBehind)
            {
                _waiting.Append(rest);
            }
        }

        if (Fault is not null)
        {
            _waiting.Release();
            if (!_hasText)
            {
                reader.Events.KeepExcerpt(bytes); // It may not be encoded at all.
            }
        }
    }

    /// <summary>Decodes what waits, as far as the time of one read allows.</summary>
    public void ReadOn(BodyReader reader)
    {
        ReadOnlySpan<byte> rest = _waiting.Span;
        _isBehind = !DecodeForAWhile(ref rest, reader);
        if (IsBehind)
        {
            _waiting.RemoveFirst(_waiting.Length - rest.Length);
        }
        else
        {
            _waiting.Release();
        }
    }

    /// <summary>Disposes the decoders. What they have decoded stands, whatever that throws.</summary>
    /// <returns>The first exception; null where there was none.</returns>
    public Exception? Release()
    {
        Stage[] stages = _stages;
        _stages = [];
        _isBehind = false;
        _waiting.Release();
        Exception? first = null;
        foreach (Stage stage in stages)
        {
            try
            {
                stage.Dispose();
            }
            catch (Exception fault)
            {
                first ??= fault;
            }
        }

        return first;
    }

    private void Open()
    {
        var stages = new List<Stage>(factories.Count);
        try
        {
            foreach (Func<IContentDecoder> factory in factories)
            {
                stages.Add(new Stage(factory()));
            }
        }
        catch (Exception)
        {
            Fault = ContentFault.Damaged;
        }

        _stages = [.. stages];
    }

    private bool TryWait(ReadOnlySpan<byte> bytes) => _waiting.Length + bytes.Length <= MaxWaitingBytes && _waiting.TryAppend(bytes);

    // False where time has run out before the bytes have.
    private bool DecodeForAWhile(ref ReadOnlySpan<byte> bytes, BodyReader reader)
    {
        long start = Stopwatch.GetTimestamp();
        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            for (int pieces = 0; Fault is null; pieces++)
            {
                if (pieces >= MinPiecesPerRead && Stopwatch.GetTimestamp() - start > MaxTicksPerRead)
                {
                    return false;
                }

                int length = Decode(_stages.Length - 1, ref bytes, piece);
                if (length == 0)
                {
                    return true; // What may be left of the bytes stands behind the encoding's end, and is nobody's.
                }

                _hasText = true;
                reader.Read(piece.AsSpan(0, length));
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    // What one stage decodes of what the one before it decodes, the first one of the body's bytes. 0 where it needs
    // more of them, or has failed.
    private int Decode(int level, ref ReadOnlySpan<byte> bytes, Span<byte> decoded)
    {
        Stage stage = _stages[level];
        while (Fault is null)
        {
            ReadOnlySpan<byte> input = level == 0 ? bytes : stage.Input;
            if (!stage.TryDecode(input, decoded, out int consumed, out int written))
            {
                Fault = ContentFault.Damaged;
                return 0;
            }

            if (level == 0)
            {
                bytes = bytes[consumed..];
            }
            else
            {
                stage.Consume(consumed);
            }

            if (written != 0)
            {
                return Count(written);
            }

            if (consumed < input.Length)
            {
                if (consumed == 0)
                {
                    return 0;
                }
            }
            else if (level == 0)
            {
                return 0;
            }
            else
            {
                int length = Decode(level - 1, ref bytes, stage.Buffer);
                if (length == 0)
                {
                    return 0;
                }

                stage.Fill(length);
            }
        }

        return 0;
    }

    private int Count(int written)
    {
        _decoded += written;
        if (_decoded <= FreeDecodedBytes + (MaxRatio * _received))
        {
            return written;
        }

        Fault = ContentFault.TooLarge;
        return 0;
    }

    /// <summary>One encoding, and for all but the first what the one before it has decoded and this one not
    /// taken.</summary>
    private sealed class Stage(IContentDecoder decoder) : IDisposable
    {
        private byte[]? _buffer;
        private int _start, _end;
        private bool _isDamaged;

        public ReadOnlySpan<byte> Input => _buffer.AsSpan(_start, _end - _start);

        public Span<byte> Buffer => _buffer ??= ArrayPool<byte>.Shared.Rent(PieceSize);

        public void Fill(int length)
        {
            _start = 0;
            _end = length;
        }

        public void Consume(int length) => _start += length;

        /// <summary>Decodes on; false where the input is damaged. What was decoded before that is given
        /// first.</summary>
        public bool TryDecode(ReadOnlySpan<byte> input, Span<byte> decoded, out int consumed, out int written)
        {
            consumed = written = 0;
            if (_isDamaged)
            {
                return false;
            }

            try
            {
                _isDamaged = decoder.Decode(input, decoded, out consumed, out written) == OperationStatus.InvalidData;
            }
            catch (Exception)
            {
                consumed = written = 0;
                _isDamaged = true; // In whichever of its ways the decoder says so.
            }

            return !_isDamaged || written != 0;
        }

        public void Dispose()
        {
            if (_buffer is { } buffer)
            {
                _buffer = null;
                ArrayPool<byte>.Shared.Return(buffer);
            }

            decoder.Dispose();
        }
    }
}
