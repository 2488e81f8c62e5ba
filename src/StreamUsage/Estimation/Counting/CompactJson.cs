using System.Text.Json;

namespace StreamUsage.Estimation.Counting;

/// <summary>Counts the tokens of a JSON value without white space, or of a string without its quotes.</summary>
internal static class CompactJson
{
    /// <summary>Counts the value at the reader's position, and moves to its end.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="meter">Counts the text.</param>
    /// <param name="leaveOut">A property that is left out at any depth; empty for none.</param>
    /// <exception cref="JsonException">The JSON is malformed.</exception>
    public static void Write(ref Utf8JsonReader reader, TextMeter meter, scoped ReadOnlySpan<byte> leaveOut = default)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            meter.Add(reader.ValueSpan, reader.ValueIsEscaped);
            return;
        }

        int depth = reader.CurrentDepth;
        bool needsComma = false;
        do
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName when !leaveOut.IsEmpty && reader.ValueTextEquals(leaveOut):
                    reader.Skip();
                    continue;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    meter.Add(reader.ValueSpan);
                    needsComma = true;
                    continue;
            }

            if (needsComma)
            {
                meter.Add(","u8);
            }

            WriteToken(ref reader, meter);
            needsComma = reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray or JsonTokenType.PropertyName);
        }
        while (IsWithin(ref reader, depth) && reader.Read());
    }

    private static bool IsWithin(ref Utf8JsonReader reader, int depth) =>
        reader.CurrentDepth > depth || reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray;

    private static void WriteToken(ref Utf8JsonReader reader, TextMeter meter)
    {
        if (reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.String))
        {
            meter.Add(reader.ValueSpan);
            return;
        }

        meter.Add("\""u8);
        meter.Add(reader.ValueSpan); // Raw, with its escapes: the text is JSON.
        meter.Add(reader.TokenType == JsonTokenType.PropertyName ? "\":"u8 : "\""u8);
    }
}
