using System.Text.Json;

namespace StreamUsage.Benchmarks.Contenders;

/// <summary>One event of a Responses stream by Utf8JsonReader.</summary>
internal static class ResponsesByHand
{
    public static bool Read(ReadOnlySpan<byte> data, UsageByHand usage)
    {
        var reader = new Utf8JsonReader(data);
        reader.Read();
        bool isText = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                isText = reader.ValueTextEquals("response.output_text.delta"u8);
            }
            else if (isText && reader.ValueTextEquals("delta"u8))
            {
                reader.Read();
                usage.AddText(ref reader);
            }
            else if (reader.ValueTextEquals("response"u8))
            {
                reader.Read();
                ReadResponse(ref reader, usage);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return true;
    }

    private static void ReadResponse(ref Utf8JsonReader reader, UsageByHand usage)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isUsage = reader.ValueTextEquals("usage"u8);
            reader.Read();
            if (isUsage && reader.TokenType == JsonTokenType.StartObject)
            {
                OpenAIUsageByHand.Read(ref reader, usage);
            }
            else
            {
                reader.Skip();
            }
        }
    }
}
