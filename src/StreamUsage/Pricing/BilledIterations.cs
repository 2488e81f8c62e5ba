namespace StreamUsage.Pricing;

/// <summary>Which of a response's iterations are billed.</summary>
internal static class BilledIterations
{
    public static bool Exist(UsageRecord record) => record.Iterations.Count != 0;

    /// <summary>Returns whether an iteration is billed: each one is, but for a hop that declined before any output in
    /// an answer that fell back.</summary>
    /// <remarks>Source: Anthropic's documentation of refusals and fallbacks. A record that was made elsewhere may not
    /// say which hop declined.</remarks>
    public static bool IsBilled(UsageIteration iteration, IReadOnlyList<UsageIteration> all) =>
        !iteration.Declined
            && (iteration.Type != "message" || iteration.Usage.OutputTokens != 0 || !all.Any(other => other.Type == "fallback_message"));
}
