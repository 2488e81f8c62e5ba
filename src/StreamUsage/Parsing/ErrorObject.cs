using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using StreamUsage.Accounting;

namespace StreamUsage.Parsing;

/// <summary>Reads a provider's error object, whichever of its names it uses: <c>type</c>, <c>code</c>, <c>status</c>, <c>status_code</c>, <c>message</c>.</summary>
internal static class ErrorObject
{
    /// <summary>Reads the value that the reader stands on; null where it is null, false or the like.</summary>
    public static ProviderError? Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            string text = reader.GetText();
            return text.Length == 0 ? null : new ProviderError { Message = text };
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

    /// <summary>An error's properties as they are met. For an error that lies flat beside other properties.</summary>
    internal struct Parts
    {
        private string? _type, _code, _message;
        private int? _status;

        public bool TryRead(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name)
        {
            if (name.SequenceEqual("message"u8))
            {
                _message = reader.GetName() ?? _message;
            }
            else if (name.SequenceEqual("type"u8))
            {
                _type = reader.GetName() ?? _type;
            }
            else if (name.SequenceEqual("code"u8))
            {
                ReadStatus(ref reader);
                _code = reader.GetName() ?? _code;
            }
            else if (name.SequenceEqual("status"u8) || name.SequenceEqual("status_code"u8))
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
            Message = _message,
            StatusCode = _status ?? StatusOf(_type) ?? StatusOf(_code),
        };

        private void ReadStatus(ref Utf8JsonReader reader)
        {
            if (reader.TokenType is JsonTokenType.Number or JsonTokenType.String
                && Utf8Parser.TryParse(reader.ValueSpan, out int status, out int length) && length == reader.ValueSpan.Length && status is >= 400 and <= 599)
            {
                _status ??= status;
            }
        }
    }

    // Anthropic's documented types with the status they stand for, and OpenAI's for rate and quota.
    private static int? StatusOf(string? type) => type switch
    {
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "rate_limit_error" or "rate_limit_exceeded" or "insufficient_quota" => 429,
        "api_error" => 500,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        _ => null,
    };
}
