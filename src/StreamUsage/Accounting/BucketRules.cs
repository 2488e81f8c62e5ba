namespace StreamUsage.Accounting;

/// <summary>Converts reported counts to disjoint buckets. The documented convention holds, unless exactly one other
/// convention's sum is the reported total. A part that is larger than its whole is reduced to it.</summary>
internal static class BucketRules
{
    public static TokenUsage Apply(in ReportedTokens tokens, out UsageAnomalies anomalies)
    {
        anomalies = tokens.Noted.HasFlag(ReportedTokens.Notes.HasConflict) ? UsageAnomalies.ConflictingCounts : UsageAnomalies.None;
        var parts = new Parts(tokens);
        Inclusion inclusion = Decide(tokens, parts, ref anomalies, out long moreOutput);
        long cacheRead = parts.CacheRead, cacheCreation = parts.CacheCreation;
        long input = parts.Input + (inclusion.HasFlag(Inclusion.ToolInputInside) ? 0 : parts.ToolInput);
        if (!inclusion.HasFlag(Inclusion.CacheBeside))
        {
            cacheRead = Limit(cacheRead, input, ref anomalies);
            cacheCreation = Limit(cacheCreation, input - cacheRead, ref anomalies);
            input -= cacheRead + cacheCreation;
        }

        long creation5m = Math.Min(tokens.CacheCreation5mTokens ?? 0, cacheCreation);
        long output = parts.Output + moreOutput + (inclusion.HasFlag(Inclusion.ReasoningBeside) ? parts.Reasoning : 0);
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

    /// <summary>Specifies which counts stand beside another, or inside it.</summary>
    [Flags]
    private enum Inclusion
    {
        None = 0,
        CacheBeside = 1,
        ReasoningBeside = 2,
        ToolInputInside = 4,
        All = CacheBeside | ReasoningBeside | ToolInputInside,
    }

    private static Inclusion Decide(in ReportedTokens tokens, in Parts parts, ref UsageAnomalies anomalies, out long moreOutput)
    {
        moreOutput = 0;
        TokenConvention convention = tokens.Convention;
        Inclusion documented = (convention.HasFlag(TokenConvention.InputIncludesCache) ? Inclusion.None : Inclusion.CacheBeside)
            | (convention.HasFlag(TokenConvention.ReasoningBesideOutput) ? Inclusion.ReasoningBeside : Inclusion.None);
        Inclusion undecided = (parts.Cache == 0 ? Inclusion.None : Inclusion.CacheBeside)
            | (parts.Reasoning == 0 ? Inclusion.None : Inclusion.ReasoningBeside)
            | (parts.ToolInput == 0 ? Inclusion.None : Inclusion.ToolInputInside);
        bool isDoubtful = false;
        if (convention.HasFlag(TokenConvention.AnthropicCacheNames) && parts.Cache != 0)
        {
            if (documented.HasFlag(Inclusion.CacheBeside) || parts.Cache > parts.Input + parts.ToolInput)
            {
                // A part cannot exceed its whole, so a cache above the input is separate, whatever the total.
                documented |= Inclusion.CacheBeside;
                undecided &= ~Inclusion.CacheBeside;
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

        return DecideByTotal(tokens, parts, documented, undecided, isDoubtful, ref anomalies, out moreOutput);
    }

    private static Inclusion DecideByTotal(
        in ReportedTokens tokens, in Parts parts, Inclusion documented, Inclusion undecided, bool isDoubtful, ref UsageAnomalies anomalies,
            out long moreOutput)
    {
        moreOutput = 0;
        long total = tokens.TotalTokens.GetValueOrDefault();
        if (parts.Fits(documented, total))
        {
            return documented;
        }

        Inclusion match = documented;
        int matches = 0;

        // Tries each combination that differs from the documented one only in what is undecided.
        for (Inclusion other = Inclusion.None; other <= Inclusion.All; other++)
        {
            if (other != documented && ((other ^ documented) & ~undecided) == 0 && parts.Fits(other, total))
            {
                match = other;
                matches++;
            }
        }

        if (matches == 1)
        {
            return match;
        }

        // Servers that count caches beside the prompt also leave them out of the total.
        bool leavesOutCache = documented.HasFlag(Inclusion.CacheBeside) && tokens.Convention.HasFlag(TokenConvention.AnthropicCacheNames)
            && parts.Sum(documented) - parts.Cache == total;
        if (leavesOutCache)
        {
            return documented;
        }

        anomalies |= UsageAnomalies.TotalMismatch | (isDoubtful ? UsageAnomalies.UncertainBill : UsageAnomalies.None);
        bool holdsMoreOutput =
            matches == 0 && !isDoubtful && tokens.Convention.HasFlag(TokenConvention.TotalMayHoldMoreOutput) && parts.Cache <= parts.Input;
        moreOutput = holdsMoreOutput ? Math.Max(0, total - parts.Sum(documented)) : 0;
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
        public readonly long CacheCreation = tokens.Noted.HasFlag(ReportedTokens.Notes.HasOlderLifetimes)
            ? tokens.CacheCreationTokens ?? 0
            : Math.Max(tokens.CacheCreationTokens ?? 0, (tokens.CacheCreation5mTokens ?? 0) + (tokens.CacheCreation1hTokens ?? 0));
        public readonly long Output = tokens.OutputTokens ?? 0;
        public readonly long Reasoning = tokens.ReasoningTokens ?? 0;

        public long Cache => CacheRead + CacheCreation;

        public bool Fits(Inclusion inclusion, long total) => Sum(inclusion) == total;

        public long Sum(Inclusion inclusion) =>
            Input + Output
            + (inclusion.HasFlag(Inclusion.ToolInputInside) ? 0 : ToolInput)
            + (inclusion.HasFlag(Inclusion.CacheBeside) ? Cache : 0)
            + (inclusion.HasFlag(Inclusion.ReasoningBeside) ? Reasoning : 0);
    }
}
