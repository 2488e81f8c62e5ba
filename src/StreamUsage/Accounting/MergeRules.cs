namespace StreamUsage.Accounting;

/// <summary>Takes a usage object into what earlier ones of the same answer said (formats.md §7, rule 4): an object of
/// zeros is no report, an input does not go back to 0, and counts that grow do not shrink.</summary>
internal static class MergeRules
{
    /// <summary>Returns the counts after a further usage object.</summary>
    /// <param name="older">The counts so far.</param>
    /// <param name="newer">The counts of the object.</param>
    /// <param name="isCumulative">Whether counts that it leaves out stay; else they are 0.</param>
    /// <param name="isPlaceholder">Whether the output so far is a placeholder, which any reported output
    /// replaces.</param>
    /// <param name="isReport">Whether the object was a report at all.</param>
    public static ReportedTokens Merge(
        in ReportedTokens older, in ReportedTokens newer, bool isCumulative, bool isPlaceholder, out bool isReport)
    {
        isReport = newer.HasAny;
        if (!isReport)
        {
            return older;
        }

        ReportedTokens next = isCumulative ? older.Merge(newer) : newer with { LargestSum = older.LargestSum };
        isReport = !next.IsZero;
        if (!isReport)
        {
            return older with { Noted = older.Noted | ReportedTokens.Notes.HasZeroReport };
        }

        next = next with { Noted = Note(older, newer, isCumulative) };
        if (SumInput(next) == 0 && SumInput(older) != 0)
        {
            bool isSaid = newer.HasInput;
            next = next.WithInputOf(older) with
            {
                Convention = older.Convention,
                TotalTokens = null,
                Noted = next.Noted | (isSaid ? ReportedTokens.Notes.KeptInput : ReportedTokens.Notes.None),
            };
        }

        long sum = next.Normalize().TotalTokens;
        if (sum < older.LargestSum)
        {
            next = KeepLarger(isPlaceholder && newer.OutputTokens is not null ? older with { OutputTokens = null } : older, next);
        }

        return next with { LargestSum = Math.Max(older.LargestSum, sum) };
    }

    /// <summary>Returns the counts that an answer begins with, whose output is a placeholder. What follows may be less:
    /// where the provider has summed up what was sent, the beginning counts it whole.</summary>
    public static ReportedTokens Begin(in ReportedTokens tokens) => tokens.IsZero
        ? default(ReportedTokens) with
        {
            OutputTokens = tokens.OutputTokens,
            Convention = tokens.Convention,
            Noted = tokens.HasAny ? ReportedTokens.Notes.HasZeroReport : ReportedTokens.Notes.None,
        }
        : tokens;

    // Where cached input stands beside the rest, tokens may have moved from one bucket to another: the side with more
    // of them stands as a whole.
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
        bool hasOutput = newer.OutputTokens is > 0 || newer.ReasoningTokens is > 0;
        return hasOutput ? notes : notes | ReportedTokens.Notes.LacksOutput;
    }

    private static long SumInput(in ReportedTokens tokens) => tokens.Normalize().TotalInputTokens;
}
