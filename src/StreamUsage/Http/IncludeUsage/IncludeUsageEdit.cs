using System.Text.Json;

namespace StreamUsage.Http.IncludeUsage;

/// <summary>Adds <c>stream_options.include_usage</c> to the JSON of a Chat request. All other bytes stay.</summary>
internal static class IncludeUsageEdit
{
    /// <summary>Returns the edited JSON; null if the request does not stream, asks already, or is not
    /// understood.</summary>
    public static byte[]? Apply(ReadOnlySpan<byte> json)
    {
        try
        {
            return Find(json) is not { } splice ? null
                : [.. json[..splice.Start], .. splice.Text, .. json[(splice.Start + splice.Length)..]];
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return null; // Malformed, or a name with a lone surrogate. The server reports the error.
        }
    }

    private static Splice? Find(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        Splice? splice = new((int)reader.BytesConsumed, 0, "\"stream_options\":{\"include_usage\":true},"u8.ToArray());
        bool isStream = false, hasOptions = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isOptions = reader.ValueTextEquals("stream_options"u8), isSwitch = reader.ValueTextEquals("stream"u8);
            reader.Read();
            if (isOptions)
            {
                splice = hasOptions ? null : FindInOptions(ref reader);
                hasOptions = true;
                if (splice is null)
                {
                    return null;
                }
            }
            else if (isSwitch)
            {
                isStream = reader.TokenType == JsonTokenType.True;
            }

            reader.Skip();
        }

        reader.Read(); // Throws if anything follows the object.
        return isStream ? splice : null;
    }

    // Leaves the reader at the end of the value.
    private static Splice? FindInOptions(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return Replace(reader, """{"include_usage":true}"""u8);
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        int start = (int)reader.BytesConsumed;
        bool isEmpty = true;
        Splice? splice = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            isEmpty = false;
            bool isUsage = reader.ValueTextEquals("include_usage"u8);
            reader.Read();
            if (isUsage)
            {
                if (splice is not null || reader.TokenType is not (JsonTokenType.False or JsonTokenType.Null))
                {
                    return null;
                }

                splice = Replace(reader, "true"u8);
            }

            reader.Skip();
        }

        return splice ?? new Splice(start, 0, isEmpty ? "\"include_usage\":true"u8.ToArray() : "\"include_usage\":true,"u8.ToArray());
    }

    private static Splice Replace(in Utf8JsonReader reader, ReadOnlySpan<byte> text) =>
        new((int)reader.TokenStartIndex, (int)(reader.BytesConsumed - reader.TokenStartIndex), text.ToArray());

    private readonly record struct Splice(int Start, int Length, byte[] Text);
}
