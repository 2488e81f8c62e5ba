using System.Buffers;
using StreamUsage.Buffers;

namespace StreamUsage.Sse;

/// <summary>
/// Decodes <c>text/event-stream</c> to the letter of WHATWG HTML, section 9.2.6 "Interpreting an event stream". Bytes are pushed in, in pieces of any size;
/// events come out one a call. An event that lies in one piece is not copied: its data is a slice of the piece. What a piece cuts is kept in pooled buffers.
/// A mutable struct: keep it in a field, never copy it.
/// </summary>
internal partial struct SseDecoder
{
    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\n\r"u8);

    private const int MaxTrackedNameBytes = 4 * 1024;

    private readonly int _maxTypeBytes;
    private readonly SseReconnection? _reconnection; // Null where nobody asks for it.

    // The event so far. A slice of the current piece where it lies in one, else in the buffer; _dataStart < 0 says the buffer.
    private EventBuffer _dataBuffer;
    private PooledBuffer _typeBuffer;
    private int _dataStart, _dataLength, _typeStart, _typeLength;
    private bool _hasData, _isDispatched;

    // The line that the last piece left unfinished.
    private Line _line;
    private bool _atValueStart;
    private int _nameLength;
    private ulong _name;

    private int _byteOrderMarkLength;
    private bool _started, _skipLineFeed;

    /// <summary>A decoder that keeps all of an event.</summary>
    public SseDecoder(long maxEventBytes)
        : this(maxEventBytes, null) =>
        _reconnection = new SseReconnection(_maxTypeBytes);

    /// <summary>A decoder of types and data: what a client needs to connect again is not kept, and where a line begins with a brace is said (<see cref="FramingResult.Json"/>).</summary>
    public SseDecoder(long maxEventBytes, ILargeEventReader? largeEvents)
    {
        _dataBuffer = new EventBuffer(maxEventBytes, largeEvents);
        _maxTypeBytes = largeEvents is null ? _dataBuffer.MaxBytes : Math.Min(_dataBuffer.MaxBytes, MaxTrackedNameBytes); // Where data is what counts, types do not take its room.
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

    /// <summary>What a client needs to connect again; null where it is not kept.</summary>
    public readonly SseReconnection? Reconnection => _reconnection;

    /// <summary>Whether the next byte is the first of an event: nothing of one has come in yet.</summary>
    public readonly bool IsBetweenEvents =>
        _started && !_skipLineFeed && _line == Line.None && (_isDispatched || (!HasData && _typeStart < 0 && _typeBuffer.Length == 0));

    /// <summary>Whether a data line of the event has begun.</summary>
    public readonly bool HasData => _hasData || _dataBuffer.IsLarge;

    /// <summary>Where in the last piece the event's data lies; negative where it was gathered from several places.</summary>
    public readonly int DataStart => _dataStart;

    public readonly ReadOnlySpan<byte> GetType(ReadOnlySpan<byte> piece) => _typeStart < 0 ? _typeBuffer.Span : piece.Slice(_typeStart, _typeLength);

    public readonly ReadOnlySpan<byte> GetData(ReadOnlySpan<byte> piece) => _dataStart < 0 ? _dataBuffer.Span : piece.Slice(_dataStart, _dataLength);

    public readonly ReadOnlyMemory<byte> GetData(ReadOnlyMemory<byte> piece) => _dataStart < 0 ? _dataBuffer.Memory : piece.Slice(_dataStart, _dataLength);

    /// <summary>Reads on in <paramref name="piece"/> from <paramref name="position"/> to the end of the next event, or to the end of the piece.</summary>
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

            if (piece[at] == (byte)'{' && _line == Line.None && !HasData && _reconnection is null)
            {
                _line = Line.Ignored;
                position = at;
                return FramingResult.Json;
            }

            int length = piece[at..].IndexOfAny(LineEnds);
            if (length < 0)
            {
                KeepSlices(piece); // Before the unfinished line adds to what the event has so far.
                ReadPartialLine(piece[at..]);
                break;
            }

            int lineStart = at;
            at += length;
            if (piece[at] == (byte)'\r')
            {
                // A CR may be half of a CRLF whose LF the next piece brings.
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

    /// <summary>The body has ended. Its unfinished event is <see cref="FramingResult.Unfinished"/> where the last line is cut.</summary>
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
                    _line = Line.Ignored; // A line that begins with a part of the mark has no field name that is known.
                }

                break;
            }

            _byteOrderMarkLength++;
            at++;
        }

        return at;
    }

    // A blank line: "If the data buffer is an empty string, set the data buffer and the event type buffer to the empty string and return."
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
        _isDispatched = false;
        _hasData = false;
        _dataStart = -1;
        _dataBuffer.Clear();
        _typeStart = -1;
        _typeBuffer.Clear();
        _reconnection?.BeginEvent();
    }

    // A line that lies in one piece.
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
            _typeLength = Math.Min(length - valueStart, _maxTypeBytes);
        }
        else if (_reconnection is null)
        {
            if (IsField(line, ErrorField))
            {
                int valueStart = ValueStart(line, ErrorField.Length);
                _typeStart = start;
                _typeLength = ErrorField.Length;
                AddData(piece, start + valueStart, length - valueStart);
            }
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
    }

    // Not of the standard, and only where events are read for what they say: llama.cpp sends a failure as a field of this name, whose value is the error in JSON.
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

    // The piece is not ours once it has been read: what the event has of it so far is kept.
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

    // A type over the limit is cut off there: it names nothing that is known.
    private void AddType(ReadOnlySpan<byte> bytes) => _typeBuffer.Append(bytes[..Math.Min(bytes.Length, _maxTypeBytes - _typeBuffer.Length)]);
}
