namespace StreamUsage.Pricing;

/// <summary>Represents the cost that a request may have, before it is answered: for budgets. Both amounts are after the
/// multiplier, in US dollars.</summary>
public sealed record UsageQuote
{
    /// <summary>Gets the tokens of everything that the request sends; an estimate unless the caller counted
    /// them.</summary>
    public long InputTokens { get; init; }

    /// <summary>Gets the most output tokens that the request allows, all choices together, else that the model can put
    /// out; null where neither is known.</summary>
    public long? MaxOutputTokens { get; init; }

    /// <summary>Gets the cost of the input where nothing of it is cached; null where there is no price.</summary>
    public decimal? InputCost { get; init; }

    /// <summary>Gets the cost where the whole input is written to the cache, if the request allows that, and the output
    /// is as long as it may be; null where there is no price or no limit. Fees of the provider's tools are not in it,
    /// and neither are further model calls that such tools cause.</summary>
    public decimal? MaxCost { get; init; }
}
