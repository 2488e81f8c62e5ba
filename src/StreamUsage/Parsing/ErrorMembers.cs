using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Bedrock;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing;

/// <summary>Collects the members of an error, whether they are in an error object or beside other members. A mutable
/// struct: never copy it.</summary>
internal struct ErrorMembers
{
    private string? _type, _code, _statusName, _message, _otherMessage;
    private int? _status;

    /// <summary>Gets the message; null if none.</summary>
    public readonly string? Message => _message ?? _otherMessage;

    /// <summary>Reads the member whose value the reader is at. Returns false, without reading, if an error has no such
    /// member.</summary>
    public bool TryRead(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("message"u8) || name.SequenceEqual("Message"u8) || name.SequenceEqual("error_message"u8))
        {
            _message = reader.GetMessage() ?? _message;
        }
        else if (name.SequenceEqual("msg"u8) || name.SequenceEqual("detail"u8))
        {
            _otherMessage = reader.GetMessage() ?? _otherMessage;
        }
        else if (name.SequenceEqual("type"u8) || name.SequenceEqual("error_type"u8))
        {
            _type = reader.GetName() ?? _type;
        }
        else if (name.SequenceEqual("code"u8) || name.SequenceEqual("error_code"u8))
        {
            PeekStatus(ref reader);
            _code = reader.GetName() ?? _code;
        }
        else if (name.SequenceEqual("status"u8) || name.SequenceEqual("status_code"u8))
        {
            PeekStatus(ref reader);
            _statusName = reader.GetName() ?? _statusName;
        }
        else
        {
            return false;
        }

        return true;
    }

    /// <summary>Returns the error. Its type is <c>type</c>, else <c>code</c>, else <c>status</c>: a name in <c>code</c>
    /// says more.</summary>
    public readonly ProviderError ToError() => new()
    {
        Type = _type ?? _code ?? _statusName ?? _status?.ToString(CultureInfo.InvariantCulture),
        Message = Message,
        StatusCode = _status ?? StatusOf(_type) ?? StatusOf(_code) ?? StatusOf(_statusName),
    };

    // Does not move the reader: if the value is a name, the caller reads it.
    private void PeekStatus(ref Utf8JsonReader reader)
    {
        bool isScalar = reader.TokenType is JsonTokenType.Number or JsonTokenType.String;
        if (isScalar
            && Utf8Parser.TryParse(reader.ValueSpan, out int status, out int length)
            && length == reader.ValueSpan.Length
            && status is >= 400 and <= 599)
        {
            _status ??= status;
        }
    }

    // The documented types of Anthropic, OpenAI's types for rate and quota, Google's canonical codes, and Bedrock's
    // exceptions.
    private static int? StatusOf(string? type) => type switch
    {
        null => null,
        "invalid_request_error" or "INVALID_ARGUMENT" or "FAILED_PRECONDITION" or "OUT_OF_RANGE" => 400,
        "authentication_error" or "UNAUTHENTICATED" => 401,
        "permission_error" or "PERMISSION_DENIED" => 403,
        "not_found_error" or "NOT_FOUND" => 404,
        "request_too_large" => 413,
        "rate_limit_error" or "rate_limit_exceeded" or "insufficient_quota" or "RESOURCE_EXHAUSTED" => 429,
        "CANCELLED" => 499,
        "api_error" or "INTERNAL" => 500,
        "UNIMPLEMENTED" => 501,
        "UNAVAILABLE" => 503,
        "timeout_error" or "DEADLINE_EXCEEDED" => 504,
        "overloaded_error" => 529,
        _ => BedrockException.StatusOf(type),
    };
}
