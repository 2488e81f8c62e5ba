namespace StreamUsage.Pricing;

/// <summary>Represents the expected cost of a request, for budgets. Amounts are in US dollars and include the
/// multiplier of <see cref="PriceTable.WithMultiplier"/>.</summary>
public sealed record UsageQuote
{
    /// <summary>Gets the number of input tokens: an estimate, unless the caller counted them.</summary>
    public long InputTokens { get; init; }

    /// <summary>Gets the most output tokens of all choices: the request's limit, else the model's; null if both are
    /// unknown.</summary>
    public long? MaxOutputTokens { get; init; }

    /// <summary>Gets the cost of the input as uncached text; null if there is no price.</summary>
    public decimal? InputCost { get; init; }

    /// <summary>Gets the highest cost: all input at the highest rate that its media and cache marks allow, and the
    /// longest output at the model's highest output rate. Null if there is no price or no limit. Excludes the fees of
    /// server tools, and the model calls that they cause.</summary>
    public decimal? MaxCost { get; init; }
}
