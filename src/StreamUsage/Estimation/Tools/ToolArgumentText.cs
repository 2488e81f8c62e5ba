using System.Text.Json;
using StreamUsage.Estimation.Counting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Estimation.Tools;

/// <summary>Counts the arguments of a tool call as tags. Each name and each value is a text: strings without quotes and
/// escapes, other values as JSON.</summary>
internal static class ToolArgumentText
{
    /// <summary>Counts the text of a call's arguments. Returns the number of top-level arguments.</summary>
    /// <param name="json">The JSON object, counted up to any cut.</param>
    /// <param name="meter">Counts the text.</param>
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
