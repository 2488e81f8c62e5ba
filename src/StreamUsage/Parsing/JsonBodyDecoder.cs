using StreamUsage.Sse;

namespace StreamUsage.Parsing;

/// <summary>
/// Finds the JSON objects of a body that is not a stream of server-sent events: one whole answer, an object a line, or the elements of an array. Each is an event.
/// Works like <see cref="SseDecoder"/>: an object that lies in one piece is not copied, and one over the limit goes to the large-event reader.
/// </summary>
internal struct JsonBodyDecoder(long maxEventBytes, ILargeEventReader largeEvents)
{
    private readonly int _maxEventBytes = (int)Math.Min(maxEventBytes, Array.MaxLength / 2);
    private PooledBuffer _buffer;
    private int _start, _length;
    private JsonContainerSkip _object;
    private bool _isLarge, _isDispatched;

    public readonly ReadOnlySpan<byte> GetData(ReadOnlySpan<byte> piece) => _buffer.Length != 0 ? _buffer.Span : piece.Slice(_start, _length);

    public FramingResult Read(ReadOnlySpan<byte> piece, ref int position)
    {
        if (_isDispatched)
        {
            _isDispatched = false;
            _isLarge = false;
            _buffer.Clear();
        }

        int start = position;
        int at = start;
        if (_object.IsAtEnd)
        {
            // Between objects: line ends, commas and the brackets of an array around them.
            int begin = piece[at..].IndexOf((byte)'{');
            if (begin < 0)
            {
                position = piece.Length;
                return FramingResult.NeedMore;
            }

            start = at + begin;
            at = start + 1;
            _object.Begin();
        }

        at += _object.Skip(piece[at..]);
        position = at;
        if (_object.IsAtEnd)
        {
            return End(piece, start, at - start);
        }

        Keep(piece[start..]);
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
