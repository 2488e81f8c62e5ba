using System.Buffers;
using System.Diagnostics;
using StreamUsage.Buffers;
using StreamUsage.Framing.Encodings;

namespace StreamUsage.Framing;

/// <summary>Decodes the tracked copy of an encoded body as its bytes come. A fault ends the decoding, and earlier
/// results stay. Each read has a time limit, since a few bytes can decode to megabytes. The rest waits, encoded, for
/// the next read or the end of the body.</summary>
internal sealed class DecodedBody(IReadOnlyList<Func<IContentDecoder>> factories, BufferBudget? budget = null)
{
    private const int PieceSize = 4 * 1024;

    // Limits a decompression bomb: an event stream grows 5 to 50 times, one repeated event under gzip 260 times, a bomb
    // 1,000 times or more. The free part is for short answers.
    private const long FreeDecodedBytes = 64 * 1024;
    private const long MaxRatio = 300;

    // A piece takes 10 to 100 microseconds, and ten times as long before the JIT has optimised the code. One is always
    // decoded, more only within this time.
    private static readonly long MaxTicksPerRead = Stopwatch.Frequency / 500;

    // Above this, the reader is faster than the decoding, and has to wait until there is room. An event stream does not
    // get there: it grows less than this ratio.
    private const int MaxWaitingBytes = 1024 * 1024;
    private const long MaxRatioToWaitFor = 64;

    private Stage[] _stages = [];
    private BudgetedBuffer _waiting = new(budget);
    private long _received, _decoded, _start;
    private bool _isBehind, _isLate, _hasText;

    /// <summary>Gets why the body was not decoded to its end; null if it was.</summary>
    public ContentFault? Fault { get; private set; } = factories.Count == 0 ? ContentFault.Unknown : null;

    /// <summary>Gets whether received bytes are not decoded yet.</summary>
    public bool IsBehind => _isBehind && Fault is null;

    /// <summary>Decodes and reads bytes, up to the time limit of one read.</summary>
    public void Read(ReadOnlySpan<byte> bytes, BodyReader reader)
    {
        if (_stages.Length == 0 && Fault is null)
        {
            Open();
        }

        _received += bytes.Length;
        if (IsBehind && TryWait(bytes))
        {
            ReadOn(reader);
        }
        else if (!TryMakeRoom(bytes, reader) && Fault is null)
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
                reader.Events.KeepExcerpt(bytes); // The body may not be encoded at all.
            }
        }
    }

    /// <summary>Decodes waiting bytes, up to the time limit of one read.</summary>
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

    /// <summary>Disposes the decoders. Returns the first exception; null if there was none.</summary>
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

    // Decodes waiting bytes until these can wait too. Returns false if none are left waiting. Gives up on a body that
    // grows like no event stream, or its reader would wait for seconds.
    private bool TryMakeRoom(ReadOnlySpan<byte> bytes, BodyReader reader)
    {
        while (IsBehind)
        {
            if (_decoded > MaxRatioToWaitFor * (_received - bytes.Length - _waiting.Length))
            {
                Fault = ContentFault.TooLarge;
                return false;
            }

            ReadOn(reader);
            if (IsBehind && TryWait(bytes))
            {
                return true;
            }
        }

        return false;
    }

    private bool TryWait(ReadOnlySpan<byte> bytes) => _waiting.Length + bytes.Length <= MaxWaitingBytes && _waiting.TryAppend(bytes);

    // Returns false if the time ends before the bytes do.
    private bool DecodeForAWhile(ref ReadOnlySpan<byte> bytes, BodyReader reader)
    {
        _start = Stopwatch.GetTimestamp();
        _isLate = false;
        byte[] piece = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            for (bool isFirst = true; Fault is null; isFirst = false)
            {
                if (!isFirst && IsTimeOver())
                {
                    return false;
                }

                int length = Decode(_stages.Length - 1, ref bytes, piece);
                if (length == 0)
                {
                    return !_isLate; // Bytes after the encoding's end are ignored.
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

    private bool IsTimeOver() => Stopwatch.GetTimestamp() - _start > MaxTicksPerRead;

    // Decodes the output of the stage before, or the body's bytes. Returns 0 if it needs more bytes, has failed, or the
    // time is over: much input may decode to nothing.
    private int Decode(int level, ref ReadOnlySpan<byte> bytes, Span<byte> decoded)
    {
        Stage stage = _stages[level];
        while (Fault is null)
        {
            ReadOnlySpan<byte> input = level == 0 ? bytes[..Math.Min(bytes.Length, PieceSize)] : stage.Input;
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

                continue;
            }

            if (level == 0 && bytes.IsEmpty)
            {
                return 0;
            }

            if (_isLate = IsTimeOver())
            {
                return 0;
            }

            if (level > 0)
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

    /// <summary>Represents one encoding, and its unread input from the stage before.</summary>
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

        /// <summary>Decodes on. Returns false for damaged input, once the output before it was returned.</summary>
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
                _isDamaged = true; // A decoder may throw any exception for damaged data.
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
