using System.Buffers.Binary;
using System.Numerics;
using StreamUsage.Buffers;

namespace StreamUsage.Framing.EventStreams;

/// <summary>Decodes <c>application/vnd.amazon.eventstream</c>: messages of a prelude (length of all, length of the
/// headers, checksum of both), headers, a payload, and a checksum of all before it; numbers are big-endian. Bytes are
/// pushed in, in pieces of any size; messages come out one a call. One that lies in one piece is not copied, one over
/// the limit or the budget is walked: its payload goes to the large-event reader. After a message that is not what its
/// checksums say, nothing can be found any more. A mutable struct: keep it in a field, never copy it.</summary>
internal struct EventStreamDecoder(long maxMessageBytes, ILargeEventReader largeEvents)
{
    /// <summary>The most that a message may have by the format's own rules: 16 MiB of payload, 128 KiB of headers, and
    /// the rest.</summary>
    public const int MaxLength = (16 * 1024 * 1024) + MaxHeaders + Overhead;

    private const int MaxHeaders = 128 * 1024;
    private const int Prelude = 12, Checksum = 4, Overhead = Prelude + Checksum;

    // What is kept of the headers of a message that is not kept itself. A provider's have some hundred bytes.
    private const int MaxKeptHeaders = 4 * 1024;

    private readonly int _maxMessageBytes = (int)Math.Min(maxMessageBytes, MaxLength);
    private PooledBuffer _buffer;
    private int _start, _length, _headersLength, _passed, _taken;
    private uint _crc;
    private bool _isLarge, _isDispatched, _isCorrupt;

    /// <summary>Reads on in <paramref name="piece"/> from <paramref name="position"/> to the end of the next message,
    /// or to the end of the piece.</summary>
    public FramingResult Read(ReadOnlySpan<byte> piece, ref int position)
    {
        if (_isDispatched)
        {
            _isDispatched = false;
            _isLarge = false;
            _length = 0;
            _passed = 0;
            Clear();
        }

        if (_isCorrupt)
        {
            position = piece.Length;
            return FramingResult.NeedMore;
        }

        if (_length == 0 && !ReadPrelude(piece, ref position))
        {
            return _isCorrupt ? Corrupt(piece, ref position) : FramingResult.NeedMore;
        }

        if (!_isLarge && _buffer.Length == 0 && _length <= _maxMessageBytes && piece.Length - position >= _length)
        {
            _start = position;
            position += _length;
            return End(piece.Slice(_start, _length), piece, ref position);
        }

        _isLarge = _isLarge || !CanKeep();
        if (_isLarge)
        {
            return ReadLarge(piece, ref position);
        }

        Keep(piece, ref position, _length);
        return _buffer.Length < _length ? FramingResult.NeedMore : End(_buffer.Span, piece, ref position);
    }

    /// <summary>The headers of the message that was found; of one over the limit whose headers are many,
    /// none.</summary>
    public readonly EventStreamHeaders GetHeaders(ReadOnlySpan<byte> piece)
    {
        ReadOnlySpan<byte> message = GetMessage(piece);
        return new(message.Length < Prelude + _headersLength ? default : message.Slice(Prelude, _headersLength));
    }

    /// <summary>The payload of the message that was found, unless it went to the large-event reader.</summary>
    public readonly ReadOnlySpan<byte> GetPayload(ReadOnlySpan<byte> piece) => GetMessage(piece)[(Prelude + _headersLength)..^Checksum];

    public void Release()
    {
        _buffer.Release();
        largeEvents.Budget?.Return(_taken);
        _taken = 0;
    }

    private readonly ReadOnlySpan<byte> GetMessage(ReadOnlySpan<byte> piece) =>
        _buffer.Length != 0 ? _buffer.Span : piece.Slice(_start, _length);

    // True once the prelude is known; it stays where it lies where the message begins in the piece with it.
    private bool ReadPrelude(ReadOnlySpan<byte> piece, ref int position)
    {
        ReadOnlySpan<byte> prelude;
        if (_buffer.Length == 0 && piece.Length - position >= Prelude)
        {
            prelude = piece.Slice(position, Prelude);
        }
        else
        {
            Keep(piece, ref position, Prelude);
            if (_buffer.Length < Prelude)
            {
                return false;
            }

            prelude = _buffer.Span;
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(prelude);
        uint headersLength = BinaryPrimitives.ReadUInt32BigEndian(prelude[4..]);
        _isCorrupt = length is < Overhead or > MaxLength || headersLength > Math.Min(MaxHeaders, length - Overhead)
            || BinaryPrimitives.ReadUInt32BigEndian(prelude[8..]) != Crc32.Append(0, prelude[..8]);
        _length = _isCorrupt ? 0 : (int)length;
        _headersLength = (int)headersLength;
        return !_isCorrupt;
    }

    private FramingResult End(ReadOnlySpan<byte> message, ReadOnlySpan<byte> piece, ref int position)
    {
        _isDispatched = true;
        return BinaryPrimitives.ReadUInt32BigEndian(message[^Checksum..]) == Crc32.Append(0, message[..^Checksum])
            ? FramingResult.Event : Corrupt(piece, ref position);
    }

    // Prelude and headers are kept where there is room for them; then the payload passes, and the checksum comes last.
    private FramingResult ReadLarge(ReadOnlySpan<byte> piece, ref int position)
    {
        int payloadStart = Prelude + _headersLength;
        int payloadEnd = _length - Checksum;
        if (_passed == 0)
        {
            largeEvents.Begin();
            _crc = Crc32.Append(0, _buffer.Span);
            _passed = _buffer.Length;
        }

        while (position < piece.Length && _passed < _length)
        {
            int part = _passed < payloadStart ? payloadStart : _passed < payloadEnd ? payloadEnd : _length;
            ReadOnlySpan<byte> bytes = piece[position..][..Math.Min(part - _passed, piece.Length - position)];
            if (part == payloadStart && _headersLength <= MaxKeptHeaders)
            {
                _buffer.Append(bytes);
            }
            else if (part == payloadEnd)
            {
                largeEvents.Append(bytes);
            }
            else if (part == _length)
            {
                _buffer.Append(bytes);
            }

            _crc = part == _length ? _crc : Crc32.Append(_crc, bytes);
            _passed += bytes.Length;
            position += bytes.Length;
        }

        if (_passed < _length)
        {
            return FramingResult.NeedMore;
        }

        _isDispatched = true;
        return BinaryPrimitives.ReadUInt32BigEndian(_buffer.Span[^Checksum..]) == _crc
            ? FramingResult.LargeEvent : Corrupt(piece, ref position);
    }

    private FramingResult Corrupt(ReadOnlySpan<byte> piece, ref int position)
    {
        _isCorrupt = true;
        Release();
        position = piece.Length;
        return FramingResult.Corrupt;
    }

    // The whole message is asked for at once: its length is known.
    private bool CanKeep()
    {
        if (_length > _maxMessageBytes)
        {
            return false;
        }

        int size = (int)BitOperations.RoundUpToPowerOf2((uint)_length);
        if (_taken != 0 || _length <= BufferBudget.FreeBytes || largeEvents.Budget is not { } budget)
        {
            return true;
        }

        if (!budget.TryTake(size))
        {
            return false;
        }

        _taken = size;
        return true;
    }

    private void Clear()
    {
        if (_taken != 0)
        {
            Release();
        }
        else
        {
            _buffer.Clear();
        }
    }

    private void Keep(ReadOnlySpan<byte> piece, ref int position, int upTo)
    {
        ReadOnlySpan<byte> bytes = piece[position..][..Math.Min(upTo - _buffer.Length, piece.Length - position)];
        _buffer.Append(bytes);
        position += bytes.Length;
    }
}
