namespace StreamUsage.Pricing;

/// <summary>Decides which of a response's iterations are billed.</summary>
internal static class BilledIterations
{
    public static bool Exist(UsageRecord record) => record.Iterations.Count != 0;

    /// <summary>Returns whether an iteration is billed: all except a call that declined before any output.</summary>
    /// <remarks>Source: Anthropic, "Refusals and fallback". A record from elsewhere may lack
    /// <see cref="UsageIteration.Declined"/>.</remarks>
    public static bool IsBilled(UsageIteration iteration, IReadOnlyList<UsageIteration> all) =>
        !iteration.Declined
            && (iteration.Type != "message" || iteration.Usage.OutputTokens != 0 || !all.Any(other => other.Type == "fallback_message"));
}
