using System.Text.Json;

namespace StreamUsage.Benchmarks.Contenders;

/// <summary>One chunk of a Gemini stream by Utf8JsonReader.</summary>
internal static class GeminiByHand
{
    public static bool Read(ReadOnlySpan<byte> data, UsageByHand usage)
    {
        var reader = new Utf8JsonReader(data);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isCandidates = reader.ValueTextEquals("candidates"u8);
            bool isUsage = reader.ValueTextEquals("usageMetadata"u8);
            reader.Read();
            if (isCandidates)
            {
                ReadText(ref reader, usage);
            }
            else if (isUsage)
            {
                ReadUsage(ref reader, usage);
            }
            else
            {
                reader.Skip();
            }
        }

        return true;
    }

    // Nothing but a part's text has that name in these streams.
    private static void ReadText(ref Utf8JsonReader reader, UsageByHand usage)
    {
        int depth = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("text"u8))
            {
                reader.Read();
                usage.AddText(ref reader);
            }
        }
    }

    private static void ReadUsage(ref Utf8JsonReader reader, UsageByHand usage)
    {
        long candidates = 0, thoughts = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("promptTokenCount"u8))
            {
                reader.Read();
                usage.InputTokens = reader.GetInt64();
            }
            else if (reader.ValueTextEquals("cachedContentTokenCount"u8))
            {
                reader.Read();
                usage.CacheReadTokens = reader.GetInt64();
            }
            else if (reader.ValueTextEquals("candidatesTokenCount"u8))
            {
                reader.Read();
                candidates = reader.GetInt64();
            }
            else if (reader.ValueTextEquals("thoughtsTokenCount"u8))
            {
                reader.Read();
                thoughts = reader.GetInt64();
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        usage.OutputTokens = candidates + thoughts;
    }
}
