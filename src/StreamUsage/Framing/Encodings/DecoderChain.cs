using System.Buffers;
using System.Diagnostics;

namespace StreamUsage.Framing.Encodings;

/// <summary>Decodes a body through the decoders of all its encodings, a piece at a time.</summary>
internal sealed class DecoderChain
{
    /// <summary>The size of a piece.</summary>
    public const int PieceSize = 4 * 1024;

    private readonly List<Stage> _stages = [];

    public enum Result
    {
        /// <summary>Bytes were decoded.</summary>
        Output,

        /// <summary>Nothing more can be decoded from the bytes.</summary>
        NeedMore,

        /// <summary>The time is over, and bytes are left.</summary>
        Late,

        /// <summary>The bytes are damaged.</summary>
        Damaged,
    }

    /// <summary>Gets the number of bytes that all decoders have returned. A decoder inside the chain may return many of
    /// which the next one makes few.</summary>
    public long DecodedBytes { get; private set; }

    /// <summary>Creates the decoders, in decoding order. Returns false if one cannot be created.</summary>
    public bool TryOpen(IReadOnlyList<Func<IContentDecoder>> factories)
    {
        try
        {
            foreach (Func<IContentDecoder> factory in factories)
            {
                _stages.Add(new Stage(factory()));
            }

            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    /// <summary>Decodes the next piece.</summary>
    /// <param name="bytes">The body's bytes. Those that were consumed are removed.</param>
    /// <param name="decoded">Receives the piece.</param>
    /// <param name="deadline">The timestamp after which no further bytes are tried.</param>
    /// <param name="length">The length of the piece.</param>
    public Result Decode(ref ReadOnlySpan<byte> bytes, Span<byte> decoded, long deadline, out int length) =>
        Decode(_stages.Count - 1, ref bytes, decoded, deadline, out length);

    /// <summary>Disposes the decoders. Returns the first exception; null if there was none.</summary>
    public Exception? Release()
    {
        Exception? first = null;
        foreach (Stage stage in _stages)
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

        _stages.Clear();
        return first;
    }

    // The input of the first decoder is the body; that of any other is the output of the one before.
    private Result Decode(int level, ref ReadOnlySpan<byte> bytes, Span<byte> decoded, long deadline, out int length)
    {
        Stage stage = _stages[level];
        while (true)
        {
            ReadOnlySpan<byte> input = level == 0 ? bytes[..Math.Min(bytes.Length, PieceSize)] : stage.Input;
            if (!stage.TryDecode(input, decoded, out int consumed, out length))
            {
                return Result.Damaged;
            }

            if (level == 0)
            {
                bytes = bytes[consumed..];
            }
            else
            {
                stage.Consume(consumed);
            }

            if (length != 0)
            {
                DecodedBytes += length;
                return Result.Output;
            }

            if (consumed < input.Length)
            {
                if (consumed == 0)
                {
                    return Result.NeedMore; // Bytes after the encoding's end are ignored.
                }

                continue;
            }

            if (level == 0 && bytes.IsEmpty)
            {
                return Result.NeedMore;
            }

            // Much input may decode to nothing.
            if (Stopwatch.GetTimestamp() > deadline)
            {
                return Result.Late;
            }

            if (level > 0)
            {
                Result before = Decode(level - 1, ref bytes, stage.Buffer, deadline, out int filled);
                if (before != Result.Output)
                {
                    return before;
                }

                stage.Fill(filled);
            }
        }
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

        /// <summary>Decodes the next bytes. Returns false for damaged input, once the output before it was
        /// returned.</summary>
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
