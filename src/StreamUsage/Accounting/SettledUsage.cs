namespace StreamUsage.Accounting;

/// <summary>Represents what stands of the reported counts, once it is known what was seen of the answer.</summary>
/// <param name="Usage">The counts in disjoint buckets.</param>
/// <param name="IsInputReported">Whether the input is a fact; else it is not known.</param>
/// <param name="IsOutputReported">Whether the output is a fact; else it is what there is at least.</param>
/// <param name="IsOutputPartial">Whether the output counts what was seen up to the last usage, and more was seen after
/// it.</param>
/// <param name="Anomalies">The doubts about the counts.</param>
internal readonly record struct SettledUsage(
    TokenUsage Usage, bool IsInputReported, bool IsOutputReported, bool IsOutputPartial, UsageAnomalies Anomalies)
{
    /// <summary>Settles the counts: a reported 0 is a fact unless it cannot be true (formats.md §7, rule 4).</summary>
    /// <param name="state">What was reported.</param>
    /// <param name="hasOutput">Whether output of any kind was seen.</param>
    /// <param name="hasOutputSince">Whether output was seen after the last usage that counts output.</param>
    public static SettledUsage Of(in UsageAccumulator state, bool hasOutput, bool hasOutputSince)
    {
        ReportedTokens tokens = state.Tokens;
        TokenUsage usage = BucketRules.Apply(tokens, out UsageAnomalies anomalies);
        bool isInput = state.IsInputReported, isOutput = state.IsOutputReported;
        bool isPartial = hasOutputSince && usage.OutputTokens != 0 && !state.IsOutputPlaceholder;
        bool isImplausible = tokens.Noted.HasFlag(ReportedTokens.Notes.KeptInput);
        if (isInput && usage.TotalInputTokens == 0 && (usage.OutputTokens != 0 || hasOutput))
        {
            isInput = false;
            isImplausible = true;
        }

        if (isOutput && usage.OutputTokens == 0 && hasOutput)
        {
            isOutput = false;
            isImplausible = true;
        }
        else if (isOutput && isPartial)
        {
            isOutput = false;
            isImplausible = true;
        }

        isImplausible |= tokens.Noted.HasFlag(ReportedTokens.Notes.HasZeroReport) && !(isInput && isOutput);
        return new SettledUsage(usage, isInput, isOutput, isPartial,
            state.Anomalies | anomalies | (isImplausible ? UsageAnomalies.ImplausibleZero : UsageAnomalies.None));
    }

    /// <summary>Returns the output with an estimate of what was not counted: added to a count of a part, and never
    /// below what there is at least.</summary>
    /// <param name="estimate">The estimate of the output that no usage has counted.</param>
    public long AddOutput(long estimate) => IsOutputPartial ? Usage.OutputTokens + estimate : Math.Max(Usage.OutputTokens, estimate);
}
