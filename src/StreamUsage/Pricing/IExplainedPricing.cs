namespace StreamUsage.Pricing;

/// <summary>Represents a pricing that returns the reason why there is no cost.</summary>
internal interface IExplainedPricing
{
    /// <summary>Returns the cost of a response, or the reason why there is none.</summary>
    PricingResult Evaluate(UsageRecord record);
}
