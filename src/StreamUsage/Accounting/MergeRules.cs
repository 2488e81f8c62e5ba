namespace StreamUsage.Accounting;

/// <summary>Merges the usage objects of an answer. An object of zeros is no report, and an input does not go back to 0.
/// If the total falls below an earlier total, the larger of each count is kept.</summary>
internal static class MergeRules
{
    /// <summary>Returns the counts after a further usage object.</summary>
    /// <param name="older">The counts so far.</param>
    /// <param name="newer">The counts of the object.</param>
    /// <param name="isCumulative">Whether missing counts keep their value; else they are not reported. A missing input
    /// always keeps its value.</param>
    /// <param name="isPlaceholder">Whether the output so far is a placeholder, which any reported output
    /// replaces.</param>
    /// <param name="isReport">Whether the object was a report.</param>
    public static ReportedTokens Merge(
        in ReportedTokens older, in ReportedTokens newer, bool isCumulative, bool isPlaceholder, out bool isReport)
    {
        isReport = newer.HasAny;
        if (!isReport)
        {
            return WithoutReport(older, ReportedTokens.Notes.None);
        }

        ReportedTokens next = isCumulative ? older.Merge(newer) : newer with { LargestSum = older.LargestSum };
        isReport = !next.IsZero;
        if (!isReport)
        {
            return WithoutReport(older, ReportedTokens.Notes.HasZeroReport);
        }

        next = next with { Noted = Note(older, newer, isCumulative) };
        if (newer.TotalTokens is null && next.TotalTokens is not null && !next.HasCountsOf(older))
        {
            next = next with { TotalTokens = null }; // The total of an earlier object does not fit later counts.
        }

        if (SumInput(next) == 0 && SumInput(older) != 0)
        {
            bool isReset = newer.HasInput;
            next = next.WithInputOf(older);
            next = next with
            {
                Convention = older.Convention,
                TotalTokens = null,
                Noted = next.Noted | (isReset ? ReportedTokens.Notes.KeptInput : ReportedTokens.Notes.None),
            };
        }

        long sum = next.Normalize().TotalTokens;
        if (sum < older.LargestSum)
        {
            next = KeepLarger(isPlaceholder && newer.OutputTokens is not null ? older with { OutputTokens = null } : older, next);
        }

        return next with { LargestSum = Math.Max(older.LargestSum, sum) };
    }

    /// <summary>Returns the counts at an answer's beginning. The output is a placeholder. Later counts may be lower: if
    /// the provider compacted the input, the beginning counts all of it.</summary>
    public static ReportedTokens Begin(in ReportedTokens tokens) => tokens.IsZero
        ? default(ReportedTokens) with
        {
            OutputTokens = tokens.OutputTokens,
            Convention = tokens.Convention,
            Noted = tokens.HasAny ? ReportedTokens.Notes.HasZeroReport : ReportedTokens.Notes.None,
        }
        : tokens;

    // An object without counts does not count the output before it.
    private static ReportedTokens WithoutReport(in ReportedTokens older, ReportedTokens.Notes notes)
    {
        ReportedTokens.Notes lacksOutput = older.HasAny ? ReportedTokens.Notes.LacksOutput : ReportedTokens.Notes.None;
        return older with { Noted = older.Noted | notes | lacksOutput };
    }

    // If cached input is separate, tokens may have moved between buckets. So all input is that of the larger side.
    private static ReportedTokens KeepLarger(in ReportedTokens older, in ReportedTokens next)
    {
        ReportedTokens larger = next.Largest(older);
        if (next.Convention.HasFlag(TokenConvention.InputIncludesCache))
        {
            return larger;
        }

        return SumInput(older) > SumInput(next) ? larger.WithInputOf(older) : larger.WithInputOf(next);
    }

    private static ReportedTokens.Notes Note(in ReportedTokens older, in ReportedTokens newer, bool isCumulative)
    {
        const ReportedTokens.Notes Lasting = ReportedTokens.Notes.HasZeroReport | ReportedTokens.Notes.KeptInput;
        ReportedTokens.Notes notes = newer.Noted | (isCumulative ? older.Noted & ~ReportedTokens.Notes.LacksOutput : older.Noted & Lasting);
        if (newer.HasLifetimes)
        {
            notes &= ~ReportedTokens.Notes.HasOlderLifetimes;
        }
        else if (isCumulative && older.HasLifetimes && newer.CacheCreationTokens is not null
            && (newer.CacheCreationTokens > 0 || newer.CacheReadTokens > 0))
        {
            // Servers that do not know the caches write zeros for both: these move nothing.
            notes |= ReportedTokens.Notes.HasOlderLifetimes;
        }

        bool hasOutput = newer.OutputTokens is > 0 || newer.ReasoningTokens is > 0;
        return hasOutput ? notes : notes | ReportedTokens.Notes.LacksOutput;
    }

    private static long SumInput(in ReportedTokens tokens) => tokens.Normalize().TotalInputTokens;
}
