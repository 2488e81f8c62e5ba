using System.Text;
using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing;

/// <summary>Finds an error whose members stand at the root, such as <c>{code, message}</c> or <c>{success: false,
/// errors}</c>. A parser offers it each root member that it does not read itself. A mutable struct: never copy
/// it.</summary>
internal struct FlatError
{
    private ErrorMembers _members;
    private ProviderError? _nested; // The first of `errors`.
    private bool _isExplicit, _hasCode, _isUnsuccessful;

    /// <summary>Reads the member whose value the reader is at. Returns false, without reading, if an error has no such
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
        _isExplicit |= isValue && (name.SequenceEqual("error_type"u8) || name.SequenceEqual("error_message"u8));
        _hasCode |= isValue && (name.SequenceEqual("code"u8) || name.SequenceEqual("error_code"u8)) && !IsSuccess(reader.ValueSpan);
        return _members.TryRead(ref reader, name);
    }

    /// <summary>Returns the error if the members make one; else null.</summary>
    /// <param name="hasOutput">Whether the object also holds output. A code and a message beside output make no
    /// error.</param>
    public readonly ProviderError? ToErrorIfAny(bool hasOutput)
    {
        if (_isUnsuccessful && _nested is not null)
        {
            return _nested;
        }

        if (_isExplicit)
        {
            return ToError();
        }

        if (hasOutput || _members.Message is not { } message)
        {
            return null;
        }

        return _isUnsuccessful || (_hasCode && !IsSuccess(message)) ? ToError() : null;
    }

    /// <summary>Returns the error of an object that is known to be one.</summary>
    public readonly ProviderError ToError() => _members.ToError();

    /// <summary>Returns the error of an object in which its parser found nothing: its <c>error</c> member, else its own
    /// members; null if there is none.</summary>
    /// <exception cref="JsonException">The data is malformed.</exception>
    public static ProviderError? Read(ReadOnlySpan<byte> data)
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

        return error ?? flat.ToErrorIfAny(hasOutput: false);
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
                _isExplicit |= reader.TokenType == JsonTokenType.Number && !reader.ValueSpan.SequenceEqual("0"u8);
                _members.TryRead(ref reader, name);
            }
            else if (name.SequenceEqual("status_msg"u8))
            {
                _members.TryRead(ref reader, "message"u8);
            }
            else
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
        code.SequenceEqual("0"u8)
        || (code.Length == 3 && code[0] == (byte)'2')
        || Ascii.EqualsIgnoreCase(code, "ok"u8)
        || Ascii.EqualsIgnoreCase(code, "success"u8);

    private static bool IsSuccess(string message) =>
        message.Equals("ok", StringComparison.OrdinalIgnoreCase) || message.Equals("success", StringComparison.OrdinalIgnoreCase);
}
