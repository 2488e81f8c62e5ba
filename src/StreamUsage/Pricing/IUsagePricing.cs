namespace StreamUsage.Pricing;

/// <summary>Prices records. The tracker calls it from any thread: once for each record, and for each cost that is read
/// while a response runs.</summary>
/// <remarks>A call that throws leaves the record without a cost. So does one that exceeds
/// <see cref="StreamUsageOptions.EstimationTimeout"/>. <see cref="UsageRecord.UnpricedReason"/> is then
/// <c>pricing_failed</c> or <c>pricing_timeout</c>.</remarks>
public interface IUsagePricing
{
    /// <summary>Returns the cost of a response; null (never 0) if it cannot be priced. 0 means free.</summary>
    /// <param name="record">The record, complete except for its cost.</param>
    UsageCost? Price(UsageRecord record);

    /// <summary>Returns the expected cost of a request; null if the model is unknown. The default implementation
    /// returns null.</summary>
    /// <param name="context">The request, with its output limit in <see cref="UsageContext.RequestBody"/>.</param>
    /// <param name="inputTokens">The number of input tokens, at least 0.</param>
    UsageQuote? Quote(UsageContext context, long inputTokens) => null;
}
