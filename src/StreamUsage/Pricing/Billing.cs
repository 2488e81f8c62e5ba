namespace StreamUsage.Pricing;

/// <summary>Decides which of a response's tokens are billed.</summary>
internal static class Billing
{
    /// <summary>Returns the billed tokens of a whole response. A record from elsewhere may have only its
    /// usage.</summary>
    public static TokenUsage TokensOf(UsageRecord record) => record.BilledUsage == default ? record.Usage : record.BilledUsage;

    /// <summary>Returns whether an iteration is billed: all are, except a call that declined before any
    /// output.</summary>
    /// <remarks>Source: Anthropic, "Refusals and fallback". A record from elsewhere may lack
    /// <see cref="UsageIteration.Declined"/>.</remarks>
    public static bool IsBilled(UsageIteration iteration, IReadOnlyList<UsageIteration> all) =>
        !iteration.Declined
            && (iteration.Type != "message" || iteration.Usage.OutputTokens != 0 || !all.Any(other => other.Type == "fallback_message"));
}
