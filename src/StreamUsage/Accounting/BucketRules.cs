namespace StreamUsage.Accounting;

/// <summary>Converts reported counts to disjoint buckets. The documented convention holds, unless exactly one other
/// convention's sum is the reported total. A part that is larger than its whole is reduced to it.</summary>
internal static class BucketRules
{
    public static TokenUsage Apply(in ReportedTokens tokens, out UsageAnomalies anomalies)
    {
        anomalies = tokens.Noted.HasFlag(ReportedTokens.Notes.HasConflict) ? UsageAnomalies.ConflictingCounts : UsageAnomalies.None;
        var parts = new Parts(tokens);
        Reading reading = Decide(tokens, parts, ref anomalies, out long moreOutput);
        long cacheRead = parts.CacheRead, cacheCreation = parts.CacheCreation;
        long input = parts.Input + (reading.HasFlag(Reading.ToolInputInside) ? 0 : parts.ToolInput);
        if (!reading.HasFlag(Reading.CacheBeside))
        {
            cacheRead = Limit(cacheRead, input, ref anomalies);
            cacheCreation = Limit(cacheCreation, input - cacheRead, ref anomalies);
            input -= cacheRead + cacheCreation;
        }

        long creation5m = Math.Min(tokens.CacheCreation5mTokens ?? 0, cacheCreation);
        long output = parts.Output + moreOutput + (reading.HasFlag(Reading.ReasoningBeside) ? parts.Reasoning : 0);
        if (tokens.OutputTokens is null)
        {
            output = Math.Max(output, parts.Reasoning); // The output is at least its reasoning.
        }

        // Subsets stay as reported: some servers recount reasoning and are off by a few.
        _ = Limit(parts.Reasoning, output, ref anomalies);
        return new TokenUsage
        {
            InputTokens = input,
            CacheReadInputTokens = cacheRead,
            CacheCreationInputTokens = cacheCreation,
            CacheCreation5mInputTokens = creation5m,
            CacheCreation1hInputTokens = Math.Min(tokens.CacheCreation1hTokens ?? 0, cacheCreation - creation5m),
            OutputTokens = output,
            ReasoningTokens = tokens.ReasoningTokens,
            InputAudioTokens = tokens.InputAudioTokens,
            CacheReadAudioTokens = tokens.CacheReadAudioTokens,
            OutputAudioTokens = tokens.OutputAudioTokens,
            OutputImageTokens = tokens.OutputImageTokens,
        };
    }

    /// <summary>Specifies which counts include which.</summary>
    [Flags]
    private enum Reading
    {
        None = 0,
        CacheBeside = 1,
        ReasoningBeside = 2,
        ToolInputInside = 4,
    }

    private static Reading Decide(in ReportedTokens tokens, in Parts parts, ref UsageAnomalies anomalies, out long moreOutput)
    {
        moreOutput = 0;
        TokenConvention convention = tokens.Convention;
        Reading documented = (convention.HasFlag(TokenConvention.InputIncludesCache) ? Reading.None : Reading.CacheBeside)
            | (convention.HasFlag(TokenConvention.ReasoningBesideOutput) ? Reading.ReasoningBeside : Reading.None);
        Reading free = (parts.Cache == 0 ? Reading.None : Reading.CacheBeside)
            | (parts.Reasoning == 0 ? Reading.None : Reading.ReasoningBeside)
            | (parts.ToolInput == 0 ? Reading.None : Reading.ToolInputInside);
        bool isDoubtful = false;
        if (convention.HasFlag(TokenConvention.AnthropicCacheNames) && parts.Cache != 0)
        {
            if (documented.HasFlag(Reading.CacheBeside) || parts.Cache > parts.Input + parts.ToolInput)
            {
                documented |= Reading.CacheBeside;
                free &= ~Reading.CacheBeside; // Certain by its convention or size, whatever the total.
            }
            else
            {
                isDoubtful = true;
            }
        }

        if (tokens.TotalTokens is not > 0 || !tokens.HasInput || tokens.OutputTokens is null)
        {
            anomalies |= isDoubtful ? UsageAnomalies.UncertainBill : UsageAnomalies.None;
            return documented;
        }

        return DecideByTotal(tokens, parts, documented, free, isDoubtful, ref anomalies, out moreOutput);
    }

    private static Reading DecideByTotal(
        in ReportedTokens tokens, in Parts parts, Reading documented, Reading free, bool isDoubtful, ref UsageAnomalies anomalies,
            out long moreOutput)
    {
        moreOutput = 0;
        long total = tokens.TotalTokens.GetValueOrDefault();
        if (parts.Fits(documented, total))
        {
            return documented;
        }

        Reading found = documented;
        int others = 0;
        for (Reading other = Reading.None; other <= (Reading.CacheBeside | Reading.ReasoningBeside | Reading.ToolInputInside); other++)
        {
            if (other != documented && ((other ^ documented) & ~free) == 0 && parts.Fits(other, total))
            {
                found = other;
                others++;
            }
        }

        if (others == 1)
        {
            return found;
        }

        // Servers that count caches beside the prompt also leave them out of the total.
        bool leavesOutCache = documented.HasFlag(Reading.CacheBeside) && tokens.Convention.HasFlag(TokenConvention.AnthropicCacheNames)
            && parts.Sum(documented) - parts.Cache == total;
        if (leavesOutCache)
        {
            return documented;
        }

        anomalies |= UsageAnomalies.TotalMismatch | (isDoubtful ? UsageAnomalies.UncertainBill : UsageAnomalies.None);
        bool holdsMore =
            others == 0 && !isDoubtful && tokens.Convention.HasFlag(TokenConvention.TotalMayHoldMoreOutput) && parts.Cache <= parts.Input;
        moreOutput = holdsMore ? Math.Max(0, total - parts.Sum(documented)) : 0;
        return documented;
    }

    private static long Limit(long part, long whole, ref UsageAnomalies anomalies)
    {
        if (part <= whole)
        {
            return part;
        }

        anomalies |= UsageAnomalies.TotalMismatch;
        return whole;
    }

    private readonly struct Parts(in ReportedTokens tokens)
    {
        public readonly long Input = tokens.InputTokens ?? 0;
        public readonly long ToolInput = tokens.ExtraInputTokens ?? 0;
        public readonly long CacheRead = tokens.CacheReadTokens ?? 0;
        public readonly long CacheCreation =
            Math.Max(tokens.CacheCreationTokens ?? 0, (tokens.CacheCreation5mTokens ?? 0) + (tokens.CacheCreation1hTokens ?? 0));
        public readonly long Output = tokens.OutputTokens ?? 0;
        public readonly long Reasoning = tokens.ReasoningTokens ?? 0;

        public long Cache => CacheRead + CacheCreation;

        public bool Fits(Reading reading, long total) => Sum(reading) == total;

        public long Sum(Reading reading) =>
            Input + Output
            + (reading.HasFlag(Reading.ToolInputInside) ? 0 : ToolInput)
            + (reading.HasFlag(Reading.CacheBeside) ? Cache : 0)
            + (reading.HasFlag(Reading.ReasoningBeside) ? Reasoning : 0);
    }
}
