namespace StreamUsage.Pricing;

/// <summary>Prices records. Called once for each record, off the byte path. A fault costs only the price.</summary>
public interface IUsagePricing
{
    /// <summary>Returns the cost of a response; null (never 0) if the model is unknown.</summary>
    /// <param name="record">The record, complete except for its cost.</param>
    UsageCost? Price(UsageRecord record);

    /// <summary>Returns the expected cost of a request; null if the model is unknown. Returns null by
    /// default.</summary>
    /// <param name="context">The request. <see cref="UsageContext.RequestBody"/> holds the limit of its output.</param>
    /// <param name="inputTokens">The tokens of the whole request, at least 0.</param>
    UsageQuote? Quote(UsageContext context, long inputTokens) => null;
}
