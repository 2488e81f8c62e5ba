using System.Buffers.Binary;
using System.Numerics;
using StreamUsage.Buffers;

namespace StreamUsage.Framing.EventStreams;

/// <summary>Decodes <c>application/vnd.amazon.eventstream</c>. A message has a prelude (total length, headers' length,
/// checksum), headers, a payload and a checksum, all big-endian. A message within one piece is not copied. The payload
/// of one over the limit or the budget goes to the large-event reader. After a wrong checksum nothing more is read. A
/// mutable struct: never copy it.</summary>
internal struct EventStreamDecoder(long maxMessageBytes, ILargeEventReader largeEvents)
{
    /// <summary>The format's largest message: 16 MiB of payload, 128 KiB of headers, and the rest.</summary>
    private const int MaxLength = (16 * 1024 * 1024) + MaxHeaders + Overhead;

    private const int MaxHeaders = 128 * 1024;
    private const int Prelude = 12, Checksum = 4, Overhead = Prelude + Checksum;

    // The most headers kept of a large message. A provider's have some hundred bytes.
    private const int MaxKeptHeaders = 4 * 1024;

    private readonly int _maxMessageBytes = (int)Math.Min(maxMessageBytes, MaxLength);
    private PooledBuffer _buffer;
    private int _start, _length, _headersLength;
    private int _largeRead; // The bytes of a large message that were read.
    private int _budgetTaken; // The share of the budget that the buffer has.
    private uint _crc;
    private bool _isLarge, _isDispatched, _isCorrupt;

    /// <summary>Reads <paramref name="piece"/> from <paramref name="position"/> to the end of the next message or of
    /// the piece.</summary>
    public FramingResult Read(ReadOnlySpan<byte> piece, ref int position)
    {
        if (_isDispatched)
        {
            _isDispatched = false;
            _isLarge = false;
            _length = 0;
            _largeRead = 0;
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

    /// <summary>Returns the headers of the message; empty for a large message with large headers.</summary>
    public readonly EventStreamHeaders GetHeaders(ReadOnlySpan<byte> piece)
    {
        ReadOnlySpan<byte> message = GetMessage(piece);
        return new(message.Length < Prelude + _headersLength ? default : message.Slice(Prelude, _headersLength));
    }

    /// <summary>Returns the payload of the message, unless it went to the large-event reader.</summary>
    public readonly ReadOnlySpan<byte> GetPayload(ReadOnlySpan<byte> piece) => GetMessage(piece)[(Prelude + _headersLength)..^Checksum];

    public void Release()
    {
        _buffer.Release();
        largeEvents.Budget?.Return(_budgetTaken);
        _budgetTaken = 0;
    }

    private readonly ReadOnlySpan<byte> GetMessage(ReadOnlySpan<byte> piece) =>
        _buffer.Length != 0 ? _buffer.Span : piece.Slice(_start, _length);

    // Returns true once the prelude is known. It is not copied if the message begins in the piece with it.
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

    // Buffers prelude and headers if they fit; then passes the payload on, and checks the checksum last.
    private FramingResult ReadLarge(ReadOnlySpan<byte> piece, ref int position)
    {
        int payloadStart = Prelude + _headersLength;
        int payloadEnd = _length - Checksum;
        if (_largeRead == 0)
        {
            largeEvents.Begin();
            _crc = Crc32.Append(0, _buffer.Span);
            _largeRead = _buffer.Length;
        }

        while (position < piece.Length && _largeRead < _length)
        {
            int part = _largeRead < payloadStart ? payloadStart : _largeRead < payloadEnd ? payloadEnd : _length;
            ReadOnlySpan<byte> bytes = piece[position..][..Math.Min(part - _largeRead, piece.Length - position)];
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
            _largeRead += bytes.Length;
            position += bytes.Length;
        }

        if (_largeRead < _length)
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

    // Since the length is known, room for the whole message is requested at once.
    private bool CanKeep()
    {
        if (_length > _maxMessageBytes)
        {
            return false;
        }

        int size = (int)BitOperations.RoundUpToPowerOf2((uint)_length);
        if (_budgetTaken != 0 || _length <= BufferBudget.FreeBytes || largeEvents.Budget is not { } budget)
        {
            return true;
        }

        if (!budget.TryTake(size))
        {
            return false;
        }

        _budgetTaken = size;
        return true;
    }

    private void Clear()
    {
        if (_budgetTaken != 0)
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
