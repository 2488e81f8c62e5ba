namespace StreamUsage.Pricing;

/// <summary>Represents the cost of a response, or why there is none.</summary>
internal readonly record struct PricingResult
{
    /// <summary>Gets the cost; null where the response could not be priced.</summary>
    public UsageCost? Cost { get; private init; }

    /// <summary>
    /// Gets why there is no cost, one of <see cref="UnpricedReasons"/>; null where there
    /// is one.
    /// </summary>
    public string? UnpricedReason { get; private init; }

    /// <summary>Gets the model that could not be priced; null where there is a cost, or no model's name.</summary>
    public string? UnpricedModel { get; private init; }

    /// <summary>Creates the result of a response that was priced.</summary>
    /// <param name="cost">Its cost.</param>
    /// <exception cref="ArgumentNullException"><paramref name="cost"/> is null.</exception>
    public static PricingResult Priced(UsageCost cost)
    {
        ArgumentNullException.ThrowIfNull(cost);
        return new PricingResult { Cost = cost };
    }

    /// <summary>Creates the result of a response that could not be priced.</summary>
    /// <param name="reason">Why: a word that metrics count by, so from a small set.</param>
    /// <param name="model">The model that could not be priced; null where none was named.</param>
    /// <exception cref="ArgumentNullException"><paramref name="reason"/> is null.</exception>
    public static PricingResult Unpriced(string reason, string? model)
    {
        ArgumentNullException.ThrowIfNull(reason);
        return new PricingResult { UnpricedReason = reason, UnpricedModel = model };
    }

    /// <summary>Returns what a pricing says of a record.</summary>
    public static PricingResult Of(IUsagePricing pricing, UsageRecord record) =>
        pricing is IExplainedPricing explained ? explained.Evaluate(record)
        : pricing.Price(record) is { } cost ? Priced(cost)
        : Unpriced(UnpricedReasons.UnknownModel, record.ResponseModel ?? record.Context.Model);
}
