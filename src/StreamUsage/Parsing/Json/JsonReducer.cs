using System.Buffers;
using StreamUsage.Buffers;

namespace StreamUsage.Parsing.Json;

/// <summary>Reduces the JSON of an event that is too large to buffer to a small copy, in constant memory. Long strings
/// are cut, deep nesting is left out, and long arrays end early. The members that parsers need (ids, model, usage,
/// error, beginnings of choices) are short and outside of large arrays, so the copy has them.</summary>
internal sealed class JsonReducer
{
    private const int MaxDepth = 32;
    private const int MaxStringBytes = 256;
    private const int MaxNameBytes = 128;
    private const int MaxLiteralBytes = 64;

    // The copy's size limits, the lowest for arrays without output (search results). Arrays inside the output, the
    // output, and other members follow. The members that a parser needs have the highest.
    private const int OtherArrayLimit = 6 * 1024;
    private const int NestedArrayLimit = 8 * 1024;
    private const int OutputLimit = 12 * 1024;
    private const int Limit = 24 * 1024;
    private const int NeededLimit = 48 * 1024;

    private static readonly SearchValues<byte> StringEnds = SearchValues.Create("\"\\"u8);

    private readonly Level[] _levels = new Level[MaxDepth];
    private PooledBuffer _copy;
    private PooledBuffer _token;
    private State _state;
    private int _depth;
    private JsonContainerSkip _skip;
    private int _stringBytes;
    private bool _inEscape, _isName, _isNeeded, _isKept;

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

    private struct Level
    {
        public bool IsArray, IsNeeded, IsOutput, HasContent;
        public int ArrayDepth;
    }

    public bool IsWhole => _state == State.End;

    /// <summary>Gets the copy, which is valid JSON if <see cref="IsWhole"/>.</summary>
    public ReadOnlySpan<byte> Copy => _copy.Span;

    public void Begin()
    {
        _copy.Clear();
        _token.Clear();
        _state = State.Value;
        _depth = 0;
    }

    /// <summary>Begins another value of the same event: an object or array. Anything else is not whole.</summary>
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
                _isKept = BeginValue(MaxLiteralBytes);
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
                _state = _levels[_depth - 1].IsArray ? State.Value : State.Name;
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
        if (_depth == MaxDepth || !BeginValue(2))
        {
            _state = State.Skip;
            _skip.Begin();
            return;
        }

        Level parent = _depth == 0 ? default : _levels[_depth - 1];
        _levels[_depth++] = new Level
        {
            IsArray = isArray,
            IsNeeded = parent.IsNeeded || (_isNeeded && IsUsageName(_token.Span)),
            IsOutput = parent.IsOutput || (isArray && parent.ArrayDepth == 0 && IsOutputName(_token.Span)),
            ArrayDepth = parent.ArrayDepth + (isArray ? 1 : 0),
        };
        _copy.Append(isArray ? (byte)'[' : (byte)'{');
        _state = isArray ? State.ValueOrEnd : State.NameOrEnd;
    }

    private void EndContainer(bool isArray)
    {
        if (_depth == 0 || _levels[_depth - 1].IsArray != isArray)
        {
            _state = State.Failed;
            return;
        }

        _depth--;
        _copy.Append(isArray ? (byte)']' : (byte)'}');
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
            _isKept = BeginValue(MaxStringBytes + 2);
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
        int limit = _isName ? MaxNameBytes : MaxStringBytes;
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
            _copy.Append((byte)'"');
            _copy.Append(_stringBytes > MaxStringBytes ? JsonStringCut.WholeCharacters(_token.Span) : _token.Span);
            _copy.Append((byte)'"');
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
        _state = _depth == 0 ? State.End : State.CommaOrEnd;
    }

    // Writes the comma and the name (in _token) before a value that is kept.
    private bool BeginValue(int size)
    {
        _isNeeded = false;
        if (_depth == 0)
        {
            return true;
        }

        ref Level parent = ref _levels[_depth - 1];
        _isNeeded = !parent.IsArray && parent.ArrayDepth == 0 && IsNeededName(_token.Span);
        int limit = (_isNeeded || parent.IsNeeded, parent.ArrayDepth, parent.IsOutput) switch
        {
            (true, _, _) => NeededLimit,
            (_, 0, _) => Limit,
            (_, _, false) => OtherArrayLimit,
            (_, 1, _) => OutputLimit,
            _ => NestedArrayLimit,
        };
        if (_token.Length >= MaxNameBytes || _copy.Length + _token.Length + size > limit)
        {
            return false;
        }

        if (parent.HasContent)
        {
            _copy.Append((byte)',');
        }

        parent.HasContent = true;
        if (!parent.IsArray)
        {
            _copy.Append((byte)'"');
            _copy.Append(_token.Span);
            _copy.Append("\":"u8);
        }

        return true;
    }

    private static bool IsUsageName(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("usage"u8) || name.SequenceEqual("usageMetadata"u8) || name.SequenceEqual("error"u8);

    // Arrays whose elements hold the stop reasons.
    private static bool IsOutputName(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("choices"u8) || name.SequenceEqual("candidates"u8) || name.SequenceEqual("output"u8)
            || name.SequenceEqual("content"u8);

    private static bool IsNeededName(ReadOnlySpan<byte> name) =>
        IsUsageName(name) || name.SequenceEqual("response"u8) || name.SequenceEqual("message"u8) || name.SequenceEqual("type"u8)
            || name.SequenceEqual("id"u8) || name.SequenceEqual("model"u8) || name.SequenceEqual("status"u8);

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
    private bool IsEndMark => _depth == 1 && _levels[0].IsArray && _token.Span.SequenceEqual("DONE"u8);

    private static bool IsWord(ReadOnlySpan<byte> literal) =>
        literal.SequenceEqual("null"u8) || literal.SequenceEqual("true"u8) || literal.SequenceEqual("false"u8);

    private static bool IsNumber(ReadOnlySpan<byte> literal) => literal[0] is (byte)'-' or (>= (byte)'0' and <= (byte)'9');

    private static bool IsLiteral(byte value) =>
        value is (>= (byte)'a' and <= (byte)'z') or (>= (byte)'0' and <= (byte)'9') or (byte)'-' or (byte)'+' or (byte)'.' or (byte)'E'
        or (byte)'D' or (byte)'O' or (byte)'N'; // Chat's end marker looks like an array with a literal.
}
