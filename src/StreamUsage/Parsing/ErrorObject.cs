using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Bedrock;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing;

/// <summary>Reads a provider's error object: <c>type</c>, <c>code</c>, <c>status</c>, <c>status_code</c>,
/// <c>message</c>.</summary>
internal static class ErrorObject
{
    private const int MaxKindLength = 128;

    /// <summary>Reads the value that the reader is at; null for null, false and the like.</summary>
    public static ProviderError? Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.GetMessage() is { } text ? new ProviderError { Message = text } : null;
        }

        if (!reader.EnterObject())
        {
            return null;
        }

        var error = default(Parts);
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (!error.TryRead(ref reader, name))
            {
                reader.Skip();
            }
        }

        return error.ToError();
    }

    /// <summary>Reads the data of an error event: a JSON object or string, or else text that becomes the
    /// message.</summary>
    public static ProviderError ReadEvent(ReadOnlySpan<byte> data)
    {
        try
        {
            Utf8JsonReader reader = Utf8Json.ReadValue(data);
            if (Read(ref reader) is { } error && error != new ProviderError())
            {
                return error;
            }
        }
        catch (JsonException)
        {
            // The data is text.
        }

        return new ProviderError { Message = data.IsEmpty ? null : Utf8Text.ToString(data, Utf8Json.MaxMessageLength) };
    }

    /// <summary>Reads an exception of Amazon Bedrock: an object with a message. Its type comes from the
    /// event.</summary>
    public static ProviderError ReadException(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> type)
    {
        ProviderError? said = Read(ref reader);
        string? kind = type.SequenceEqual(ConverseParser.UnnamedException) ? said?.Type : Utf8Text.ToString(type, MaxKindLength);
        return new ProviderError { Type = kind, Message = said?.Message, StatusCode = StatusOf(kind) };
    }

    /// <summary>Represents the collected members of an error, also of one without its own object.</summary>
    internal struct Parts
    {
        private string? _type, _code, _message, _otherMessage;
        private int? _status;

        public readonly string? Message => _message ?? _otherMessage;

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
            else if (name.SequenceEqual("code"u8) || name.SequenceEqual("error_code"u8) || name.SequenceEqual("status"u8)
                || name.SequenceEqual("status_code"u8))
            {
                ReadStatus(ref reader);
                _code = reader.GetName() ?? _code;
            }
            else
            {
                return false;
            }

            return true;
        }

        public readonly ProviderError ToError() => new()
        {
            Type = _type ?? _code ?? _status?.ToString(CultureInfo.InvariantCulture),
            Message = Message,
            StatusCode = _status ?? StatusOf(_type) ?? StatusOf(_code),
        };

        private void ReadStatus(ref Utf8JsonReader reader)
        {
            if (reader.TokenType is JsonTokenType.Number or JsonTokenType.String
                && Utf8Parser.TryParse(reader.ValueSpan, out int status, out int length) && length == reader.ValueSpan.Length
                    && status is >= 400 and <= 599)
            {
                _status ??= status;
            }
        }
    }

    // The documented types of Anthropic, OpenAI's for rate and quota, Google's canonical codes, and Bedrock's
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
        _ => type.EndsWith("Exception", StringComparison.Ordinal) ? StatusOfException(char.ToLowerInvariant(type[0]) + type[1..]) : null,
    };

    private static int? StatusOfException(string type) => type switch
    {
        "validationException" or "serviceQuotaExceededException" => 400,
        "accessDeniedException" => 403,
        "resourceNotFoundException" => 404,
        "modelTimeoutException" => 408,
        "modelErrorException" or "modelStreamErrorException" => 424,
        "throttlingException" or "modelNotReadyException" => 429,
        "internalServerException" => 500,
        "serviceUnavailableException" => 503,
        _ => null,
    };
}
