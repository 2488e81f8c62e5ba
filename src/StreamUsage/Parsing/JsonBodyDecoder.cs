using System.Buffers;
using StreamUsage.Sse;

namespace StreamUsage.Parsing;

/// <summary>
/// Finds the JSON objects of a body that is not a stream of server-sent events: one whole answer, an object a line, or the elements of an array. Each is an event.
/// Works like <see cref="SseDecoder"/>: an object that lies in one piece is not copied, and one over the limit goes to the large-event reader.
/// </summary>
internal struct JsonBodyDecoder(long maxEventBytes, ILargeEventReader largeEvents)
{
    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[]"u8);
    private static readonly SearchValues<byte> StringEnds = SearchValues.Create("\"\\"u8);

    private readonly int _maxEventBytes = (int)Math.Min(maxEventBytes, Array.MaxLength / 2);
    private PooledBuffer _buffer;
    private int _start, _length;
    private long _depth;
    private bool _inString, _inEscape, _isLarge, _isDispatched;

    public readonly ReadOnlySpan<byte> GetData(ReadOnlySpan<byte> piece) => _buffer.Length != 0 ? _buffer.Span : piece.Slice(_start, _length);

    public FramingResult Read(ReadOnlySpan<byte> piece, ref int position)
    {
        if (_isDispatched)
        {
            _isDispatched = false;
            _isLarge = false;
            _buffer.Clear();
        }

        int at = position;
        if (_depth == 0)
        {
            // Between objects: line ends, commas and the brackets of an array around them.
            int begin = piece[at..].IndexOf((byte)'{');
            if (begin < 0)
            {
                position = piece.Length;
                return FramingResult.NeedMore;
            }

            at += begin;
        }

        int start = at;
        while (at < piece.Length)
        {
            if (_inEscape)
            {
                _inEscape = false;
                at++;
                continue;
            }

            int next = piece[at..].IndexOfAny(_inString ? StringEnds : Structure);
            if (next < 0)
            {
                break;
            }

            at += next;
            switch (piece[at++])
            {
                case (byte)'"':
                    _inString = !_inString;
                    break;
                case (byte)'\\':
                    _inEscape = true;
                    break;
                case (byte)'{' or (byte)'[':
                    _depth++;
                    break;
                default:
                    if (--_depth == 0)
                    {
                        position = at;
                        return End(piece, start, at - start);
                    }

                    break;
            }
        }

        Keep(piece[start..]);
        position = piece.Length;
        return FramingResult.NeedMore;
    }

    public void Release() => _buffer.Release();

    private FramingResult End(ReadOnlySpan<byte> piece, int start, int length)
    {
        _isDispatched = true;
        if (_buffer.Length == 0 && !_isLarge && length <= _maxEventBytes)
        {
            _start = start;
            _length = length;
            return FramingResult.Event;
        }

        Keep(piece.Slice(start, length));
        return _isLarge ? FramingResult.LargeEvent : FramingResult.Event;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (!_isLarge)
        {
            if (_buffer.Length + (long)bytes.Length <= _maxEventBytes)
            {
                _buffer.Append(bytes);
                return;
            }

            _isLarge = true;
            largeEvents.Begin();
            largeEvents.Append(_buffer.Span);
            _buffer.Release();
        }

        largeEvents.Append(bytes);
    }
}
