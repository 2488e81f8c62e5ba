namespace StreamUsage.Pricing;

/// <summary>Represents the cost of a response, or why there is none.</summary>
internal readonly record struct PricingResult
{
    /// <summary>Gets the cost; null if the response could not be priced.</summary>
    public UsageCost? Cost { get; private init; }

    /// <summary>Gets why there is no cost, one of <see cref="UnpricedReasons"/>; null if there is a cost.</summary>
    public string? UnpricedReason { get; private init; }

    /// <summary>Gets the model that could not be priced; null if there is a cost, or no model was named.</summary>
    public string? UnpricedModel { get; private init; }

    /// <summary>Creates the result of a priced response.</summary>
    /// <param name="cost">The cost.</param>
    /// <exception cref="ArgumentNullException"><paramref name="cost"/> is null.</exception>
    public static PricingResult Priced(UsageCost cost)
    {
        ArgumentNullException.ThrowIfNull(cost);
        return new PricingResult { Cost = cost };
    }

    /// <summary>Creates the result of an unpriced response.</summary>
    /// <param name="reason">One of <see cref="UnpricedReasons"/>.</param>
    /// <param name="model">The model that could not be priced; null if none was named.</param>
    /// <exception cref="ArgumentNullException"><paramref name="reason"/> is null.</exception>
    public static PricingResult Unpriced(string reason, string? model)
    {
        ArgumentNullException.ThrowIfNull(reason);
        return new PricingResult { UnpricedReason = reason, UnpricedModel = model };
    }

    /// <summary>Returns a pricing's result. A custom pricing gives no reason: its model counts as unknown.</summary>
    public static PricingResult Of(IUsagePricing pricing, UsageRecord record) =>
        pricing is IExplainedPricing explained ? explained.Evaluate(record)
        : pricing.Price(record) is { } cost ? Priced(cost)
        : Unpriced(UnpricedReasons.UnknownModel, record.ResponseModel ?? record.Context.Model);
}
