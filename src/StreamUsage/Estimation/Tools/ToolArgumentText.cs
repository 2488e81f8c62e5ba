using System.Text.Json;
using StreamUsage.Estimation.Counting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Estimation.Tools;

/// <summary>The arguments of a tool call as tags: each name and each value is a text of its own; strings without quotes and escapes, anything else as JSON.</summary>
internal static class ToolArgumentText
{
    /// <summary>Counts the text of a call's arguments.</summary>
    /// <param name="json">The JSON object; one that is cut off counts up to there.</param>
    /// <param name="meter">What counts.</param>
    /// <returns>How many arguments there are at the top level.</returns>
    public static int Read(ReadOnlySpan<byte> json, TextMeter meter)
    {
        int arguments = 0;
        int read = 0;
        try
        {
            Utf8JsonReader reader = Utf8Json.Read(json);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                meter.Add(json);
                meter.End();
                return 0;
            }

            read = (int)reader.BytesConsumed;
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                arguments++;
                meter.Add(name);
                meter.End();
                read = (int)reader.TokenStartIndex;
                CompactJson.Write(ref reader, meter);
                meter.End();
                read = (int)reader.BytesConsumed;
            }
        }
        catch (JsonException)
        {
            meter.Add(json[read..]);
            meter.End();
        }

        return arguments;
    }
}
