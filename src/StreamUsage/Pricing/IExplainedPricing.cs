namespace StreamUsage.Pricing;

/// <summary>A pricing that says why there is no cost.</summary>
internal interface IExplainedPricing
{
    PricingResult Evaluate(UsageRecord record);
}
