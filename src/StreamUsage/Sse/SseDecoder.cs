using System.Buffers;
using StreamUsage.Buffers;

namespace StreamUsage.Sse;

/// <summary>Decodes <c>text/event-stream</c> by WHATWG HTML, section 9.2.6 "Interpreting an event stream", from pieces
/// of any size. The data of an event within one piece is a slice of it; cut events are kept in pooled buffers. A
/// mutable struct: never copy it.</summary>
internal partial struct SseDecoder
{
    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\n\r"u8);

    // In tracking, a type must not use up the memory for data.
    private const int MaxTrackedNameBytes = 4 * 1024;

    private readonly int _maxNameBytes; // Of a type or an id.
    private readonly SseReconnection? _reconnection; // Null in a decoder for tracking.

    // The event so far: a slice of the current piece, or, if _dataStart < 0, the buffer.
    private EventBuffer _dataBuffer;
    private PooledBuffer _typeBuffer;
    private int _dataStart, _dataLength, _typeStart, _typeLength;
    private bool _hasData, _isDispatched;

    private Line _line;
    private bool _atValueStart;
    private int _nameLength;
    private ulong _name;

    private int _byteOrderMarkLength;
    private bool _started, _skipLineFeed;

    /// <summary>Creates a decoder of all parts of an event, by the standard.</summary>
    public SseDecoder(long maxEventBytes)
        : this(maxEventBytes, null, isForTracking: false)
    {
    }

    /// <summary>Creates a decoder for tracking. It does not keep what a reconnection needs. It reports lines that begin
    /// with a brace (<see cref="FramingResult.Json"/>), reads the field <c>error</c>, and cuts long types.</summary>
    public SseDecoder(long maxEventBytes, ILargeEventReader largeEvents)
        : this(maxEventBytes, largeEvents, isForTracking: true)
    {
    }

    private SseDecoder(long maxEventBytes, ILargeEventReader? largeEvents, bool isForTracking)
    {
        _dataBuffer = new EventBuffer(maxEventBytes, largeEvents);
        _maxNameBytes = isForTracking ? MaxTrackedNameBytes : _dataBuffer.MaxBytes;
        _reconnection = isForTracking ? null : new SseReconnection(_maxNameBytes);
        _dataStart = -1;
        _typeStart = -1;
    }

    private enum Line : byte
    {
        None,
        Name,
        Data,
        Event,
        Id,
        Retry,
        Error,
        Ignored,
    }

    /// <summary>Gets the values for a reconnection; null if they are not kept.</summary>
    public readonly SseReconnection? Reconnection => _reconnection;

    /// <summary>Gets whether the next byte begins an event.</summary>
    public readonly bool IsBetweenEvents =>
        _started && !_skipLineFeed && _line == Line.None && (_isDispatched || (!HasData && _typeStart < 0 && _typeBuffer.Length == 0));

    private readonly bool IsForTracking => _reconnection is null;

    /// <summary>Gets whether the event has data so far.</summary>
    public readonly bool HasData => _hasData || _dataBuffer.IsLarge;

    /// <summary>Gets the start of the data in the last piece; negative if the data was buffered.</summary>
    public readonly int DataStart => _dataStart;

    public readonly ReadOnlySpan<byte> GetEventType(ReadOnlySpan<byte> piece) =>
        _typeStart < 0 ? _typeBuffer.Span : piece.Slice(_typeStart, _typeLength);

    public readonly ReadOnlySpan<byte> GetData(ReadOnlySpan<byte> piece) =>
        _dataStart < 0 ? _dataBuffer.Span : piece.Slice(_dataStart, _dataLength);

    public readonly ReadOnlyMemory<byte> GetData(ReadOnlyMemory<byte> piece) =>
        _dataStart < 0 ? _dataBuffer.Memory : piece.Slice(_dataStart, _dataLength);

    /// <summary>Reads <paramref name="piece"/> from <paramref name="position"/> to the end of the next event or of the
    /// piece.</summary>
    public FramingResult Read(ReadOnlySpan<byte> piece, ref int position)
    {
        if (_isDispatched)
        {
            ResetEvent();
        }

        int at = position;
        if (!_started)
        {
            at = SkipByteOrderMark(piece, at);
        }

        while (at < piece.Length)
        {
            if (_skipLineFeed)
            {
                _skipLineFeed = false;
                if (piece[at] == (byte)'\n')
                {
                    at++;
                    continue;
                }
            }

            if (piece[at] == (byte)'{' && _line == Line.None && !HasData && IsForTracking)
            {
                _line = Line.Ignored;
                position = at;
                return FramingResult.Json;
            }

            int length = piece[at..].IndexOfAny(LineEnds);
            if (length < 0)
            {
                KeepSlices(piece); // First, since the unfinished line's bytes follow these.
                ReadPartialLine(piece[at..]);
                break;
            }

            int lineStart = at;
            at += length;
            if (piece[at] == (byte)'\r')
            {
                // A CR may belong to a CRLF whose LF is in the next piece.
                if (at + 1 < piece.Length)
                {
                    if (piece[at + 1] == (byte)'\n')
                    {
                        at++;
                    }
                }
                else
                {
                    _skipLineFeed = true;
                }
            }

            at++;
            if (_line != Line.None)
            {
                ReadPartialLine(piece.Slice(lineStart, length));
                EndPartialLine();
            }
            else if (length != 0)
            {
                ReadLine(piece, lineStart, length);
            }
            else if (Dispatch())
            {
                position = at;
                return _dataBuffer.IsLarge ? FramingResult.LargeEvent : FramingResult.Event;
            }
        }

        KeepSlices(piece);
        position = piece.Length;
        return FramingResult.NeedMore;
    }

    /// <summary>Ends the body. If data was left that no blank line has ended, returns
    /// <see cref="FramingResult.LargeEvent"/> if it was not buffered, <see cref="FramingResult.Event"/> if its last
    /// line is complete, and <see cref="FramingResult.Unfinished"/> if not. Returns
    /// <see cref="FramingResult.NeedMore"/> if there was none.</summary>
    public FramingResult Finish()
    {
        if (_isDispatched)
        {
            ResetEvent();
        }

        bool isLastLineComplete = _line == Line.None;
        if (_line == Line.Event)
        {
            _typeBuffer.Clear();
        }

        _line = Line.None;
        if (!HasData)
        {
            return FramingResult.NeedMore;
        }

        _isDispatched = true;
        if (_dataBuffer.IsLarge)
        {
            return FramingResult.LargeEvent;
        }

        return isLastLineComplete ? FramingResult.Event : FramingResult.Unfinished;
    }

    public void Release()
    {
        _dataBuffer.Release();
        _typeBuffer.Release();
        _reconnection?.Release();
    }

    // "One leading U+FEFF BYTE ORDER MARK character is ignored if any are present."
    private int SkipByteOrderMark(ReadOnlySpan<byte> piece, int at)
    {
        ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
        while (at < piece.Length)
        {
            if (_byteOrderMarkLength == mark.Length)
            {
                _started = true;
                break;
            }

            if (piece[at] != mark[_byteOrderMarkLength])
            {
                _started = true;
                if (_byteOrderMarkLength != 0)
                {
                    _line = Line.Ignored; // A line that begins with part of the mark has an unknown field name.
                }

                break;
            }

            _byteOrderMarkLength++;
            at++;
        }

        return at;
    }

    // A blank line: "If the data buffer is an empty string, set the data buffer and the event type buffer to the empty
    // string and return." A data line with an empty value dispatches: the standard's buffer then holds the line's LF,
    // and loses it only later.
    private bool Dispatch()
    {
        if (HasData)
        {
            _isDispatched = true;
            return true;
        }

        _typeStart = -1;
        _typeBuffer.Clear();
        return false;
    }

    private void ResetEvent()
    {
        if (!_dataBuffer.IsLarge)
        {
            _reconnection?.BeginEvent(); // A large event is not delivered: its reconnection time comes with the next one.
        }

        _isDispatched = false;
        _hasData = false;
        _dataStart = -1;
        _dataBuffer.Clear();
        _typeStart = -1;
        _typeBuffer.Clear();
    }

    private void ReadLine(ReadOnlySpan<byte> piece, int start, int length)
    {
        ReadOnlySpan<byte> line = piece.Slice(start, length);
        if (IsField(line, "data"u8))
        {
            int valueStart = ValueStart(line, 4);
            AddData(piece, start + valueStart, length - valueStart);
        }
        else if (IsField(line, "event"u8))
        {
            int valueStart = ValueStart(line, 5);
            _typeStart = start + valueStart;
            _typeLength = Math.Min(length - valueStart, _maxNameBytes);
        }
        else if (_reconnection is { } reconnection)
        {
            if (IsField(line, "id"u8))
            {
                reconnection.BeginId();
                reconnection.AddId(line[ValueStart(line, 2)..]);
                reconnection.EndId();
            }
            else if (IsField(line, "retry"u8))
            {
                reconnection.BeginRetry();
                reconnection.AddRetry(line[ValueStart(line, 5)..]);
                reconnection.EndRetry();
            }
        }
        else if (IsField(line, ErrorField))
        {
            int valueStart = ValueStart(line, ErrorField.Length);
            _typeStart = start;
            _typeLength = ErrorField.Length;
            AddData(piece, start + valueStart, length - valueStart);
        }
    }

    // Not in the standard: llama.cpp sends a failure as a field of this name with JSON.
    private static ReadOnlySpan<byte> ErrorField => "error"u8;

    private static bool IsField(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name) =>
        line.StartsWith(name) && (line.Length == name.Length || line[name.Length] == (byte)':');

    // "If value starts with a U+0020 SPACE character, remove it from value." A line without a colon has an empty value.
    private static int ValueStart(ReadOnlySpan<byte> line, int nameLength)
    {
        if (line.Length <= nameLength + 1)
        {
            return line.Length;
        }

        return line[nameLength + 1] == (byte)' ' ? nameLength + 2 : nameLength + 1;
    }

    private void AddData(ReadOnlySpan<byte> piece, int start, int length)
    {
        if (!_hasData && !_dataBuffer.IsLarge && length <= _dataBuffer.MaxBytes)
        {
            _hasData = true;
            _dataStart = start;
            _dataLength = length;
            return;
        }

        KeepData(piece);
        BeginDataLine();
        _dataBuffer.Append(piece.Slice(start, length));
    }

    // Data lines are joined with LF.
    private void BeginDataLine()
    {
        if (_hasData)
        {
            _dataBuffer.Append("\n"u8);
        }

        _hasData = true;
    }

    // The piece is only valid during the read, so the event's slices are copied.
    private void KeepSlices(ReadOnlySpan<byte> piece)
    {
        KeepData(piece);
        if (_typeStart >= 0)
        {
            ReadOnlySpan<byte> type = piece.Slice(_typeStart, _typeLength);
            _typeStart = -1;
            _typeBuffer.Clear();
            AddType(type);
        }
    }

    private void KeepData(ReadOnlySpan<byte> piece)
    {
        if (_dataStart >= 0)
        {
            ReadOnlySpan<byte> data = piece.Slice(_dataStart, _dataLength);
            _dataStart = -1;
            _dataBuffer.Append(data);
        }
    }

    // A type over the limit is cut: no known type is that long.
    private void AddType(ReadOnlySpan<byte> bytes) =>
        _typeBuffer.Append(bytes[..Math.Min(bytes.Length, _maxNameBytes - _typeBuffer.Length)]);
}
