using System.Text.Json;

namespace StreamUsage.Benchmarks.Contenders;

/// <summary>One chunk of a Chat Completions stream by Utf8JsonReader.</summary>
internal static class ChatByHand
{
    public static bool Read(ReadOnlySpan<byte> data, UsageByHand usage)
    {
        if (data.SequenceEqual("[DONE]"u8))
        {
            return true;
        }

        var reader = new Utf8JsonReader(data);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("choices"u8))
            {
                reader.Read();
                while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                {
                    ReadChoice(ref reader, usage);
                }
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartObject)
                {
                    OpenAIUsageByHand.Read(ref reader, usage);
                }
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return true;
    }

    private static void ReadChoice(ref Utf8JsonReader reader, UsageByHand usage)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("delta"u8))
            {
                reader.Read();
                ReadDelta(ref reader, usage);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
    }

    private static void ReadDelta(ref Utf8JsonReader reader, UsageByHand usage)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isContent = reader.ValueTextEquals("content"u8);
            reader.Read();
            if (isContent)
            {
                usage.AddText(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }
}
