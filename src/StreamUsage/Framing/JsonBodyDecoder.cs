using StreamUsage.Buffers;
using StreamUsage.Parsing.Json;
using StreamUsage.Sse;

namespace StreamUsage.Framing;

/// <summary>Finds the JSON objects of a body without SSE: one answer, an object a line, or the elements of an array.
/// Each is an event. As in <see cref="SseDecoder"/>, an object within one piece is not copied, and one over the limit
/// goes to the large-event reader. Strings between the objects are not expected: a brace in one would begin an
/// object.</summary>
internal sealed class JsonBodyDecoder(long maxEventBytes, ILargeEventReader largeEvents)
{
    private EventBuffer _buffer = new(maxEventBytes, largeEvents);
    private int _start, _length;
    private JsonContainerSkip _object;
    private bool _isDispatched;

    public ReadOnlySpan<byte> GetData(ReadOnlySpan<byte> piece) => _buffer.Length != 0 ? _buffer.Span : piece.Slice(_start, _length);

    public FramingResult Read(ReadOnlySpan<byte> piece, ref int position)
    {
        if (_isDispatched)
        {
            _isDispatched = false;
            _buffer.Clear();
        }

        int start = position;
        int at = start;
        if (_object.IsAtEnd)
        {
            // Line ends, commas and array brackets separate the objects.
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

        _buffer.Append(piece[start..]);
        return FramingResult.NeedMore;
    }

    public void Release() => _buffer.Release();

    private FramingResult End(ReadOnlySpan<byte> piece, int start, int length)
    {
        _isDispatched = true;
        if (_buffer.Length == 0 && !_buffer.IsLarge && length <= _buffer.MaxBytes)
        {
            _start = start;
            _length = length;
            return FramingResult.Event;
        }

        _buffer.Append(piece.Slice(start, length));
        return _buffer.IsLarge ? FramingResult.LargeEvent : FramingResult.Event;
    }
}
