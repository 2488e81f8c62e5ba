namespace StreamUsage.Pricing;

/// <summary>Prices records. Called once a record, off the byte path; a fault costs the price, not the record.</summary>
public interface IUsagePricing
{
    /// <summary>Returns the cost of a response; null where the model is not known, never 0 for unknown.</summary>
    /// <param name="record">The record, complete but for its cost.</param>
    UsageCost? Price(UsageRecord record);

    /// <summary>Returns the cost that a request may have, before it is answered; null where the model is not known. Null unless implemented.</summary>
    /// <param name="context">The request; the limit of its output is read from <see cref="UsageContext.RequestBody"/>.</param>
    /// <param name="inputTokens">Tokens of everything that the request sends, at least 0.</param>
    UsageQuote? Quote(UsageContext context, long inputTokens) => null;
}
