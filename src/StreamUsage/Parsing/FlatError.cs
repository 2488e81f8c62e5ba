using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing;

/// <summary>Represents an error whose members are not in an error object. It is given the members that the parser does
/// not know. A mutable struct: never copy it.</summary>
internal struct FlatError
{
    private ErrorObject.Parts _parts;
    private ProviderError? _nested;
    private bool _isSaid, _hasCode, _isUnsuccessful;

    /// <summary>Reads the member whose value the reader is at. Returns false, without reading, if it is no error
    /// member.</summary>
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

    /// <summary>Returns the error; null if there is none.</summary>
    /// <param name="hasAnswer">Whether the object holds part of an answer, so that a code is not an error's.</param>
    public readonly ProviderError? Find(bool hasAnswer)
    {
        if (_isUnsuccessful && _nested is not null)
        {
            return _nested;
        }

        bool isError = _isSaid || (!hasAnswer && _parts.Message is { } message && (_isUnsuccessful || (_hasCode && !IsSuccess(message))));
        return isError ? _parts.ToError() : null;
    }

    /// <summary>Returns the error of an object that is known to be one.</summary>
    public readonly ProviderError ToError() => _parts.ToError();

    /// <summary>Returns the error of an object's own members or of its <c>error</c> member; null if there is
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

    // MiniMax: {status_code, status_msg}.
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

    // Codes that servers send for success.
    private static bool IsSuccess(ReadOnlySpan<byte> code) =>
        code.SequenceEqual("0"u8) || (code.Length == 3 && code[0] == (byte)'2') || System.Text.Ascii.EqualsIgnoreCase(code, "ok"u8)
            || System.Text.Ascii.EqualsIgnoreCase(code, "success"u8);

    private static bool IsSuccess(string message) =>
        message.Equals("ok", StringComparison.OrdinalIgnoreCase) || message.Equals("success", StringComparison.OrdinalIgnoreCase);
}
