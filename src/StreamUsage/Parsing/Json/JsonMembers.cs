using System.Buffers;
using System.Text.Json;

namespace StreamUsage.Parsing.Json;

/// <summary>Enumerates the members of a JSON object, for large objects of which little is needed. It skips a value by
/// finding its end, where <see cref="Utf8JsonReader.Skip"/> checks each token. So it checks neither commas nor scalars
/// nor the values inside containers.</summary>
internal ref struct JsonMembers
{
    private static readonly SearchValues<byte> ScalarEnds = SearchValues.Create(",}] \t\r\n"u8);

    private readonly ReadOnlySpan<byte> _json;
    private int _at;

    /// <summary>Creates an enumerator over the object that <paramref name="json"/> begins with.</summary>
    /// <exception cref="JsonException">There is no object.</exception>
    public JsonMembers(ReadOnlySpan<byte> json)
    {
        _json = json;
        Expect((byte)'{');
    }

    /// <summary>Returns the next raw name and whole value; false at the object's end.</summary>
    /// <exception cref="JsonException">The object is malformed or ends too early.</exception>
    public bool Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        if (Peek() == (byte)',')
        {
            _at++;
        }

        if (Peek() == (byte)'}')
        {
            name = value = default;
            return false;
        }

        Expect((byte)'"');
        int nameStart = _at;
        SkipString();
        name = _json[nameStart..(_at - 1)];
        Expect((byte)':');
        byte first = Peek();
        int valueStart = _at;
        SkipValue(first);
        value = _json[valueStart.._at];
        return true;
    }

    private byte Peek()
    {
        while (_at < _json.Length && _json[_at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            _at++;
        }

        return _at < _json.Length ? _json[_at] : throw new JsonException("The JSON ends in the middle.");
    }

    private void Expect(byte token)
    {
        if (Peek() != token)
        {
            throw new JsonException("The JSON is malformed.");
        }

        _at++;
    }

    private void SkipValue(byte first)
    {
        if (first == (byte)'"')
        {
            _at++;
            SkipString();
        }
        else if (first is (byte)'{' or (byte)'[')
        {
            SkipContainer();
        }
        else
        {
            int length = _json[_at..].IndexOfAny(ScalarEnds);
            _at = length > 0 ? _at + length : throw new JsonException("The JSON is malformed.");
        }
    }

    private void SkipContainer()
    {
        var container = new JsonContainerSkip();
        container.Begin();
        _at++;
        _at += container.Skip(_json[_at..]);
        if (!container.IsAtEnd)
        {
            throw new JsonException("The JSON ends in the middle.");
        }
    }

    private void SkipString()
    {
        while (true)
        {
            int next = _json[_at..].IndexOfAny((byte)'"', (byte)'\\');
            if (next < 0 || (_json[_at + next] == (byte)'\\' && _at + next + 1 == _json.Length))
            {
                throw new JsonException("The JSON ends in the middle.");
            }

            _at += next + 1;
            if (_json[_at - 1] == (byte)'"')
            {
                return;
            }

            _at++;
        }
    }
}
