using System.Text.Json;
using Microsoft.Extensions.AI;
using StreamUsage.Accounting;

namespace StreamUsage.Extensions.AI;

/// <summary>Reads <see cref="UsageDetails"/>. Its input count includes cached tokens, and its output count reasoning.
/// It has no member for cache writes: clients add them to the additional counts, under different names.</summary>
internal static class DetailCounts
{
    private const int MaxDetails = 32;

    /// <summary>Returns the state after a usage. The audio counts are read from its JSON, because their properties are
    /// experimental: code that is compiled against them may break.</summary>
    public static UsageAccumulator Apply(UsageDetails details, ReadOnlySpan<byte> json, UsageAccumulator state)
    {
        bool isIgnored = false;
        Dictionary<string, long>? others = null;
        long? cacheRead = Check(details.CachedInputTokenCount), creation = null, creation5m = null, creation1h = null;
        foreach ((string name, long count) in details.AdditionalCounts ?? [])
        {
            if (Check(count) is not { } valid)
            {
                continue;
            }

            switch (KindOf(name))
            {
                case UsageCount.CacheRead:
                    cacheRead ??= valid;
                    break;
                case UsageCount.CacheCreation:
                    creation = valid;
                    break;
                case UsageCount.CacheCreation5m:
                    creation5m = valid;
                    break;
                case UsageCount.CacheCreation1h:
                    creation1h = valid;
                    break;
                default:
                    others ??= [];
                    if (others.Count < MaxDetails)
                    {
                        others[name] = valid;
                    }

                    break;
            }
        }

        // Some clients do not count cached tokens as input. The total shows this, or a cache read larger than the
        // input.
        bool hasCreation = (creation ?? creation5m ?? creation1h) is > 0;
        state = state.Replace(new ReportedTokens
        {
            Convention = TokenConvention.InputIncludesCache | (hasCreation || cacheRead > details.InputTokenCount
                ? TokenConvention.AnthropicCacheNames : TokenConvention.None),
            InputTokens = Check(details.InputTokenCount),
            CacheReadTokens = cacheRead,
            CacheCreationTokens = creation,
            CacheCreation5mTokens = creation5m,
            CacheCreation1hTokens = creation1h,
            OutputTokens = Check(details.OutputTokenCount),
            ReasoningTokens = Check(details.ReasoningTokenCount),
            TotalTokens = Check(details.TotalTokenCount),
            InputAudioTokens = Check(Find(json, "inputAudioTokenCount"u8)),
            OutputAudioTokens = Check(Find(json, "outputAudioTokenCount"u8)),
        });
        return state with
        {
            TokenDetails = others ?? state.TokenDetails,
            Anomalies = state.Anomalies | (isIgnored ? UsageAnomalies.CountsIgnored : UsageAnomalies.None),
        };

        long? Check(long? count)
        {
            bool isAbsurd = count is < 0 or > CountText.MaxCount;
            isIgnored |= isAbsurd;
            return isAbsurd ? null : count;
        }
    }

    private static long? Find(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isIt = reader.ValueTextEquals(name);
            reader.Read();
            if (isIt && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long count))
            {
                return count;
            }

            reader.Skip();
        }

        return null;
    }

    // "CacheCreationInputTokens", "cache_write_input_tokens", "CacheCreation.Ephemeral5mInputTokens", …
    private static UsageCount? KindOf(string name)
    {
        string plain = string.Concat(name.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
        bool isWrite = plain.Contains("cachecreation", StringComparison.Ordinal) || plain.Contains("cachewrite", StringComparison.Ordinal)
            || plain.Contains("ephemeral", StringComparison.Ordinal);
        return isWrite
            ? plain.Contains("5m", StringComparison.Ordinal) ? UsageCount.CacheCreation5m
            : plain.Contains("1h", StringComparison.Ordinal) ? UsageCount.CacheCreation1h
            : UsageCount.CacheCreation
            : plain.Contains("cacheread", StringComparison.Ordinal) || plain.Contains("cachedinput", StringComparison.Ordinal)
            ? UsageCount.CacheRead : null;
    }
}
