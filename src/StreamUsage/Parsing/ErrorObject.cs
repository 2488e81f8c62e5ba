using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing;

/// <summary>Reads the error object of any provider, with the members of <see cref="ErrorMembers"/>.</summary>
internal static class ErrorObject
{
    /// <summary>Reads the value that the reader is at. Returns null unless it is an object or a non-empty
    /// string.</summary>
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

        var error = default(ErrorMembers);
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (!error.TryRead(ref reader, name))
            {
                reader.Skip();
            }
        }

        return error.ToError();
    }

    /// <summary>Returns the state with the error that the reader is at; unchanged if the value is no error.</summary>
    public static UsageAccumulator ReadInto(ref Utf8JsonReader reader, in UsageAccumulator state) =>
        Read(ref reader) is { } error ? state.WithError(error) : state;

    /// <summary>Returns the state with the error in a value; unchanged if the value is no error.</summary>
    public static UsageAccumulator ReadInto(ReadOnlySpan<byte> value, in UsageAccumulator state)
    {
        Utf8JsonReader reader = Utf8Json.ReadValue(value);
        return ReadInto(ref reader, state);
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
}
