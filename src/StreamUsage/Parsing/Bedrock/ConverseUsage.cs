using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.Bedrock;

/// <summary>Bedrock's counts, of Converse and of the metrics that it adds to an invoked model's own events. Its input excludes cached tokens.</summary>
internal static class ConverseUsage
{
    /// <summary>Reads Converse's usage object, which the reader stands on.</summary>
    public static UsageAccumulator Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output)
    {
        int start = (int)reader.TokenStartIndex;
        ReportedTokens tokens = ReadCounts(ref reader, output);
        output.OnReportedUsage(data[start..(int)reader.BytesConsumed], isCumulative: false);
        return state with { Tokens = tokens, IsOutputPlaceholder = false };
    }

    /// <summary>
    /// Reads <c>amazon-bedrock-invocationMetrics</c>, which the reader stands on: the model's own usage once more, in Bedrock's words. It stands for what the model's events have not said, and is never added.
    /// </summary>
    public static UsageAccumulator FillIn(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return state;
        }

        int start = (int)reader.TokenStartIndex;
        ReportedTokens metrics = ReadCounts(ref reader, output);
        ReportedTokens known = state.IsOutputReported ? state.Tokens : state.Tokens with { OutputTokens = metrics.OutputTokens ?? state.Tokens.OutputTokens };
        ReportedTokens filled = known.HasInput ? known : known with
        {
            InputTokens = metrics.InputTokens,
            CacheReadTokens = metrics.CacheReadTokens,
            CacheCreationTokens = metrics.CacheCreationTokens,
        };
        if (filled == state.Tokens && !state.IsOutputPlaceholder)
        {
            return state;
        }

        output.OnReportedUsage(data[start..(int)reader.BytesConsumed], isCumulative: true);
        return state with { Tokens = filled, IsOutputPlaceholder = state.IsOutputPlaceholder && metrics.OutputTokens is null };
    }

    private static ReportedTokens ReadCounts(ref Utf8JsonReader reader, IOutputObserver output)
    {
        ReportedTokens tokens = default;
        reader.EnterObject();
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("inputTokens"u8) || name.SequenceEqual("inputTokenCount"u8))
            {
                tokens = tokens with { InputTokens = reader.GetCount(name, output) };
            }
            else if (name.SequenceEqual("outputTokens"u8) || name.SequenceEqual("outputTokenCount"u8))
            {
                tokens = tokens with { OutputTokens = reader.GetCount(name, output) };
            }
            else if (name.SequenceEqual("cacheReadInputTokens"u8) || name.SequenceEqual("cacheReadInputTokenCount"u8))
            {
                tokens = tokens with { CacheReadTokens = reader.GetCount(name, output) ?? tokens.CacheReadTokens };
            }
            else if (name.SequenceEqual("cacheWriteInputTokens"u8) || name.SequenceEqual("cacheWriteInputTokenCount"u8))
            {
                tokens = tokens with { CacheCreationTokens = reader.GetCount(name, output) ?? tokens.CacheCreationTokens };
            }
            else if (name.SequenceEqual("cacheDetails"u8))
            {
                ReadCacheDetails(ref reader, ref tokens, output);
            }
            else
            {
                reader.Skip();
            }
        }

        return tokens;
    }

    // The cache writes by lifetime: [{inputTokens, ttl}].
    private static void ReadCacheDetails(ref Utf8JsonReader reader, ref ReportedTokens tokens, IOutputObserver output)
    {
        if (!reader.EnterArray())
        {
            return;
        }

        while (reader.NextElement())
        {
            if (!reader.EnterObject())
            {
                continue;
            }

            long? count = null;
            ReadOnlySpan<byte> lifetime = default;
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("inputTokens"u8))
                {
                    count = reader.GetCount(name, output);
                }
                else if (name.SequenceEqual("ttl"u8) && reader.TokenType == JsonTokenType.String)
                {
                    lifetime = reader.ValueSpan;
                }
                else
                {
                    reader.Skip();
                }
            }

            if (lifetime.SequenceEqual("5m"u8))
            {
                tokens = tokens with { CacheCreation5mTokens = count };
            }
            else if (lifetime.SequenceEqual("1h"u8))
            {
                tokens = tokens with { CacheCreation1hTokens = count };
            }
        }
    }
}
