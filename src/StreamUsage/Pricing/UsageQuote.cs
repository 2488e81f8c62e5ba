namespace StreamUsage.Pricing;

/// <summary>Represents the expected cost of a request, for budgets. Amounts are in US dollars and include the
/// multiplier.</summary>
public sealed record UsageQuote
{
    /// <summary>Gets the tokens of the whole request: an estimate, unless the caller counted them.</summary>
    public long InputTokens { get; init; }

    /// <summary>Gets the request's output limit for all choices, else the model's limit; null if both are
    /// unknown.</summary>
    public long? MaxOutputTokens { get; init; }

    /// <summary>Gets the cost of the input without any caching; null if there is no price.</summary>
    public decimal? InputCost { get; init; }

    /// <summary>Gets the cost with the longest output in the dearest modality that the model has a rate for, and with
    /// the input written to the cache if the request allows it. Null if there is no price or no limit. Excludes the fees
    /// of server tools, and model calls that they cause.</summary>
    public decimal? MaxCost { get; init; }
}
