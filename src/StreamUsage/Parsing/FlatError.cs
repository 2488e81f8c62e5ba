using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing;

/// <summary>An error without an error object, whose words lie flat among an object's other properties (formats.md §7,
/// last paragraph). It is fed with the properties that its parser does not know. A mutable struct: keep it in a local,
/// never copy it.</summary>
internal struct FlatError
{
    private ErrorObject.Parts _parts;
    private ProviderError? _nested;
    private bool _isSaid, _hasCode, _isUnsuccessful;

    /// <summary>Takes in the property whose value the reader stands on.</summary>
    /// <returns>False where it is none of an error's; the value is then still to be read.</returns>
    public bool TryRead(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("base_resp"u8))
        {
            ReadBaseResponse(ref reader);
            return true;
        }

        if (name.SequenceEqual("errors"u8))
        {
            _nested = ReadFirst(ref reader) ?? _nested;
            return true;
        }

        if (name.SequenceEqual("success"u8))
        {
            _isUnsuccessful |= reader.TokenType == JsonTokenType.False;
            reader.Skip();
            return true;
        }

        bool isValue = reader.TokenType is JsonTokenType.Number || (reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty);
        _isSaid |= isValue && (name.SequenceEqual("error_type"u8) || name.SequenceEqual("error_message"u8));
        _hasCode |= isValue && (name.SequenceEqual("code"u8) || name.SequenceEqual("error_code"u8)) && !IsSuccess(reader.ValueSpan);
        return _parts.TryRead(ref reader, name);
    }

    /// <summary>Returns the error; null where the properties are none.</summary>
    /// <param name="hasAnswer">Whether the object holds a part of an answer, so that a code beside it is not an
    /// error's.</param>
    public readonly ProviderError? Find(bool hasAnswer)
    {
        if (_isUnsuccessful && _nested is not null)
        {
            return _nested;
        }

        bool isError = _isSaid || (!hasAnswer && _parts.Message is { } message && (_isUnsuccessful || (_hasCode && !IsSuccess(message))));
        return isError ? _parts.ToError() : null;
    }

    /// <summary>Returns the error of an object that is said to be one.</summary>
    public readonly ProviderError ToError() => _parts.ToError();

    /// <summary>Returns the error that an object's own properties say, or its <c>error</c>; null where it has
    /// none.</summary>
    /// <exception cref="JsonException">The data is malformed.</exception>
    public static ProviderError? Find(ReadOnlySpan<byte> data)
    {
        if (!Utf8Json.IsObject(data))
        {
            return null;
        }

        FlatError flat = default;
        ProviderError? error = null;
        Utf8JsonReader reader = Utf8Json.ReadValue(data);
        reader.EnterObject();
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("error"u8))
            {
                error = ErrorObject.Read(ref reader) ?? error;
            }
            else if (!flat.TryRead(ref reader, name))
            {
                reader.Skip();
            }
        }

        return error ?? flat.Find(hasAnswer: false);
    }

    // MiniMax's {status_code, status_msg}.
    private void ReadBaseResponse(ref Utf8JsonReader reader)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("status_code"u8))
            {
                _isSaid |= reader.TokenType == JsonTokenType.Number && !reader.ValueSpan.SequenceEqual("0"u8);
                _parts.TryRead(ref reader, name);
            }
            else if (!name.SequenceEqual("status_msg"u8) || !_parts.TryRead(ref reader, "message"u8))
            {
                reader.Skip();
            }
        }
    }

    private static ProviderError? ReadFirst(ref Utf8JsonReader reader)
    {
        ProviderError? first = null;
        if (reader.EnterArray())
        {
            while (reader.NextElement())
            {
                ProviderError? error = ErrorObject.Read(ref reader);
                first ??= error;
            }
        }

        return first;
    }

    // What servers put where they mean that nothing is wrong.
    private static bool IsSuccess(ReadOnlySpan<byte> code) =>
        code.SequenceEqual("0"u8) || (code.Length == 3 && code[0] == (byte)'2') || System.Text.Ascii.EqualsIgnoreCase(code, "ok"u8)
            || System.Text.Ascii.EqualsIgnoreCase(code, "success"u8);

    private static bool IsSuccess(string message) =>
        message.Equals("ok", StringComparison.OrdinalIgnoreCase) || message.Equals("success", StringComparison.OrdinalIgnoreCase);
}
