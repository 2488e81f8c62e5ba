using System.Text.Json;

namespace StreamUsage.Benchmarks.Contenders;

/// <summary>One event of a Claude stream by Utf8JsonReader.</summary>
internal static class ClaudeByHand
{
    public static bool Read(ReadOnlySpan<byte> data, UsageByHand usage)
    {
        var reader = new Utf8JsonReader(data);
        reader.Read();
        ReadObject(ref reader, usage);
        return true;
    }

    // The root, its delta and its message: their names do not collide.
    private static void ReadObject(ref Utf8JsonReader reader, UsageByHand usage)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("delta"u8) || reader.ValueTextEquals("message"u8))
            {
                reader.Read();
                ReadObject(ref reader, usage);
            }
            else if (reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("thinking"u8) || reader.ValueTextEquals("partial_json"u8))
            {
                reader.Read();
                usage.AddText(ref reader);
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                ReadUsage(ref reader, usage);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
    }

    private static void ReadUsage(ref Utf8JsonReader reader, UsageByHand usage)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("input_tokens"u8))
            {
                reader.Read();
                usage.InputTokens = reader.GetInt64();
            }
            else if (reader.ValueTextEquals("cache_read_input_tokens"u8))
            {
                reader.Read();
                usage.CacheReadTokens = reader.GetInt64();
            }
            else if (reader.ValueTextEquals("cache_creation_input_tokens"u8))
            {
                reader.Read();
                usage.CacheCreationTokens = reader.GetInt64();
            }
            else if (reader.ValueTextEquals("output_tokens"u8))
            {
                reader.Read();
                usage.OutputTokens = reader.GetInt64();
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
    }
}
