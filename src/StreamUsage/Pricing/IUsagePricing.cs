namespace StreamUsage.Pricing;

/// <summary>Puts a price on a record. Called once a record, off the byte path; a fault costs the price, not the record.</summary>
public interface IUsagePricing
{
    /// <summary>The cost of a response; null where the model is not known, never 0 for unknown.</summary>
    /// <param name="record">The record, complete but for its cost.</param>
    UsageCost? Price(UsageRecord record);
}
