namespace StreamUsage.Accounting;

/// <summary>Represents the reported counts that are valid for the answer seen.</summary>
/// <param name="Usage">The counts in disjoint buckets.</param>
/// <param name="IsInputReported">Whether the input count is valid; else it is unknown.</param>
/// <param name="IsOutputReported">Whether the output count is valid; else it is a lower bound.</param>
/// <param name="IsOutputPartial">Whether more output followed the usage that counted output.</param>
/// <param name="Anomalies">The doubts about the counts.</param>
internal readonly record struct SettledUsage(
    TokenUsage Usage, bool IsInputReported, bool IsOutputReported, bool IsOutputPartial, UsageAnomalies Anomalies)
{
    /// <summary>Settles the counts. A reported 0 is valid unless it is implausible.</summary>
    /// <param name="state">The reported state.</param>
    /// <param name="hasOutput">Whether any output was seen.</param>
    /// <param name="hasOutputSince">Whether output was seen after the last usage that counts output.</param>
    public static SettledUsage Of(in UsageAccumulator state, bool hasOutput, bool hasOutputSince)
    {
        ReportedTokens tokens = state.Tokens;
        TokenUsage usage = BucketRules.Apply(tokens, out UsageAnomalies anomalies);
        bool isInput = state.IsInputReported, isOutput = state.IsOutputReported;
        bool isPartial = hasOutputSince && usage.OutputTokens != 0 && !state.IsOutputPlaceholder;
        bool isDoubtful = tokens.Noted.HasFlag(ReportedTokens.Notes.KeptInput);
        if (isInput && usage.TotalInputTokens == 0 && (usage.OutputTokens != 0 || hasOutput))
        {
            isInput = false;
            isDoubtful = true;
        }

        if (isOutput && (isPartial || (usage.OutputTokens == 0 && hasOutput)))
        {
            isOutput = false;
            isDoubtful = true;
        }

        isDoubtful |= tokens.Noted.HasFlag(ReportedTokens.Notes.HasZeroReport) && !(isInput && isOutput);
        return new SettledUsage(usage, isInput, isOutput, isPartial,
            state.Anomalies | anomalies | (isDoubtful ? UsageAnomalies.ImplausibleZero : UsageAnomalies.None));
    }

    /// <summary>Adds the estimate to a partial count; otherwise returns the larger of both.</summary>
    public long CombineOutput(long estimate) =>
        IsOutputPartial ? TokenSum.Of(Usage.OutputTokens, estimate) : Math.Max(Usage.OutputTokens, estimate);
}
