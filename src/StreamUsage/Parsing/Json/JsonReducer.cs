using System.Buffers;
using StreamUsage.Buffers;

namespace StreamUsage.Parsing.Json;

/// <summary>Reduces the JSON of an event that is too large to buffer to a small copy, in constant memory. It finds the
/// tokens and cuts long strings; <see cref="ReducedJson"/> decides which values are kept.</summary>
internal sealed class JsonReducer
{
    private const int MaxStringBytes = 256;
    private const int MaxLiteralBytes = 64;

    private static readonly SearchValues<byte> StringEnds = SearchValues.Create("\"\\"u8);

    private ReducedJson _copy = new();
    private PooledBuffer _token; // The name, or the string or literal, as far as it is kept.
    private State _state;
    private JsonContainerSkip _skip;
    private int _stringBytes;
    private bool _inEscape, _isName, _isKept;

    private enum State : byte
    {
        Value,
        NextValue,
        ValueOrEnd,
        Name,
        NameOrEnd,
        Colon,
        CommaOrEnd,
        String,
        Literal,
        Skip,
        End,
        Failed,
    }

    /// <summary>Gets whether the value has ended, and no more followed.</summary>
    public bool IsWhole => _state == State.End;

    /// <summary>Gets the copy, which is valid JSON if <see cref="IsWhole"/>.</summary>
    public ReadOnlySpan<byte> Copy => _copy.Span;

    /// <summary>Begins an event.</summary>
    public void Begin()
    {
        _copy.Clear();
        _token.Clear();
        _state = State.Value;
    }

    /// <summary>Begins another value of the same event: an object or array. After anything else,
    /// <see cref="IsWhole"/> stays false.</summary>
    public void BeginNext()
    {
        Begin();
        _state = State.NextValue;
    }

    /// <summary>Reads data up to its end, or to where another value begins after a whole one. Returns the number of
    /// bytes.</summary>
    public int Append(ReadOnlySpan<byte> data)
    {
        int at = 0;
        while (at < data.Length && _state != State.Failed)
        {
            if (_state == State.String)
            {
                at += ReadString(data[at..]);
                continue;
            }

            if (_state == State.Skip)
            {
                at += _skip.Skip(data[at..]);
                if (_skip.IsAtEnd)
                {
                    EndValue();
                }

                continue;
            }

            byte next = data[at];
            if (_state == State.End && next is not ((byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t'))
            {
                return at;
            }

            if (_state == State.Literal)
            {
                if (IsLiteral(next))
                {
                    AppendLiteral(next);
                    at++;
                    continue;
                }

                EndLiteral();
                continue;
            }

            at++;
            if (next is not ((byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t'))
            {
                ReadStructure(next);
            }
        }

        return data.Length;
    }

    public void Release()
    {
        _copy.Release();
        _token.Release();
    }

    private void ReadStructure(byte next)
    {
        switch (_state)
        {
            case State.Value or State.ValueOrEnd when next == (byte)'"':
                BeginString(isName: false);
                break;
            case State.Value or State.NextValue or State.ValueOrEnd when next is (byte)'{' or (byte)'[':
                BeginContainer(isArray: next == (byte)'[');
                break;
            case State.ValueOrEnd when next == (byte)']':
                EndContainer(isArray: true);
                break;
            case State.Value or State.ValueOrEnd when IsLiteral(next):
                _state = State.Literal;
                _isKept = _copy.TryBeginValue(_token.Span, MaxLiteralBytes);
                _token.Clear();
                AppendLiteral(next);
                break;
            case State.Name or State.NameOrEnd when next == (byte)'"':
                BeginString(isName: true);
                break;
            case State.NameOrEnd when next == (byte)'}':
                EndContainer(isArray: false);
                break;
            case State.Colon when next == (byte)':':
                _state = State.Value;
                break;
            case State.CommaOrEnd when next == (byte)',':
                _state = _copy.IsInArray ? State.Value : State.Name;
                break;
            case State.CommaOrEnd when next is (byte)'}' or (byte)']':
                EndContainer(isArray: next == (byte)']');
                break;
            default:
                _state = State.Failed;
                break;
        }
    }

    private void BeginContainer(bool isArray)
    {
        if (!_copy.TryBeginContainer(_token.Span, isArray))
        {
            _state = State.Skip;
            _skip.Begin();
            return;
        }

        _state = isArray ? State.ValueOrEnd : State.NameOrEnd;
    }

    private void EndContainer(bool isArray)
    {
        if (!_copy.TryEndContainer(isArray))
        {
            _state = State.Failed;
            return;
        }

        EndValue();
    }

    private void BeginString(bool isName)
    {
        _state = State.String;
        _isName = isName;
        _inEscape = false;
        _stringBytes = 0;
        if (!isName)
        {
            _isKept = _copy.TryBeginValue(_token.Span, MaxStringBytes + 2);
        }

        _token.Clear();
    }

    private int ReadString(ReadOnlySpan<byte> data)
    {
        int at = 0;
        while (at < data.Length)
        {
            if (_inEscape)
            {
                _inEscape = false;
                KeepString(data.Slice(at, 1));
                at++;
                continue;
            }

            int length = data[at..].IndexOfAny(StringEnds);
            if (length < 0)
            {
                KeepString(data[at..]);
                return data.Length;
            }

            KeepString(data.Slice(at, length));
            at += length;
            if (data[at++] == (byte)'"')
            {
                EndString();
                return at;
            }

            _inEscape = true;
            KeepString("\\"u8);
        }

        return at;
    }

    private void KeepString(ReadOnlySpan<byte> bytes)
    {
        int limit = _isName ? ReducedJson.MaxNameBytes : MaxStringBytes;
        if (_isName || _isKept)
        {
            _token.Append(bytes[..Math.Min(bytes.Length, Math.Max(0, limit - _token.Length))]);
        }

        _stringBytes = (int)Math.Min(int.MaxValue, _stringBytes + (long)bytes.Length);
    }

    private void EndString()
    {
        if (_isName)
        {
            _state = State.Colon;
            return;
        }

        if (_isKept)
        {
            _copy.AppendString(_stringBytes > MaxStringBytes ? JsonStringCut.WholeCharacters(_token.Span) : _token.Span);
        }

        EndValue();
    }

    private void EndLiteral()
    {
        if (!IsNumber(_token.Span) && !IsWord(_token.Span) && !IsEndMark)
        {
            _state = State.Failed;
            return;
        }

        if (_isKept)
        {
            // A cut number must still end in a digit.
            _copy.Append(_token.Length == MaxLiteralBytes ? _token.Span.TrimEnd(".eE+-"u8) : _token.Span);
        }

        EndValue();
    }

    private void EndValue()
    {
        _token.Clear();
        _state = _copy.Depth == 0 ? State.End : State.CommaOrEnd;
    }

    // A number with more digits than any count is cut; other literals are shorter.
    private void AppendLiteral(byte value)
    {
        if (_token.Length < MaxLiteralBytes)
        {
            _token.Append(value);
        }
        else if (!IsNumber(_token.Span))
        {
            _state = State.Failed;
        }
    }

    // [DONE] among the values of one event.
    private bool IsEndMark => _copy.Depth == 1 && _copy.IsInArray && _token.Span.SequenceEqual("DONE"u8);

    private static bool IsWord(ReadOnlySpan<byte> literal) =>
        literal.SequenceEqual("null"u8) || literal.SequenceEqual("true"u8) || literal.SequenceEqual("false"u8);

    private static bool IsNumber(ReadOnlySpan<byte> literal) => literal[0] is (byte)'-' or (>= (byte)'0' and <= (byte)'9');

    private static bool IsLiteral(byte value) =>
        value is (>= (byte)'a' and <= (byte)'z') or (>= (byte)'0' and <= (byte)'9') or (byte)'-' or (byte)'+' or (byte)'.' or (byte)'E'
        or (byte)'D' or (byte)'O' or (byte)'N'; // Chat's end marker looks like an array with a literal.
}
