using System.Text.Json;

namespace StreamUsage.Benchmarks.Contenders;

/// <summary>OpenAI's usage object, by the names of either of its protocols.</summary>
internal static class OpenAIUsageByHand
{
    public static void Read(ref Utf8JsonReader reader, UsageByHand usage)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("prompt_tokens"u8) || reader.ValueTextEquals("input_tokens"u8))
            {
                reader.Read();
                usage.InputTokens = reader.GetInt64();
            }
            else if (reader.ValueTextEquals("completion_tokens"u8) || reader.ValueTextEquals("output_tokens"u8))
            {
                reader.Read();
                usage.OutputTokens = reader.GetInt64();
            }
            else if (reader.ValueTextEquals("prompt_tokens_details"u8) || reader.ValueTextEquals("input_tokens_details"u8))
            {
                reader.Read();
                ReadDetails(ref reader, usage);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
    }

    private static void ReadDetails(ref Utf8JsonReader reader, UsageByHand usage)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isCached = reader.ValueTextEquals("cached_tokens"u8);
            reader.Read();
            if (isCached)
            {
                usage.CacheReadTokens = reader.GetInt64();
            }
        }
    }
}
