namespace StreamUsage.Pricing;

/// <summary>Holds the reasons why a record has no cost: the values of <see cref="UsageRecord.UnpricedReason"/> and of
/// the tag <c>reason</c> of <c>streamusage.records.unpriced</c>.</summary>
internal static class UnpricedReasons
{
    /// <summary>Neither the response nor the caller named a model.</summary>
    public const string NoModel = "no_model";

    /// <summary>The table does not list the model at this provider.</summary>
    public const string UnknownModel = "unknown_model";

    /// <summary>Several entries match the model, and their prices differ.</summary>
    public const string AmbiguousModel = "ambiguous_model";

    /// <summary>No valid table was loaded yet.</summary>
    public const string NoTable = "no_table";

    /// <summary>The table has no rate for the service class or region.</summary>
    public const string RateClass = "rate_class";

    /// <summary>The response ran on capacity that is paid by time, not by token.</summary>
    public const string ProvisionedThroughput = "provisioned_throughput";

    /// <summary>The table has the model, but no rate for a part of its usage.</summary>
    public const string NoRate = "no_rate";

    /// <summary>The model is priced by units such as images or seconds, and the response reported none.</summary>
    public const string NoUsage = "no_usage";

    /// <summary>Counts were estimated, and <see cref="PriceTableOptions.PriceEstimates"/> is off.</summary>
    public const string EstimatedUsage = "estimated_usage";

    /// <summary>The background response was accepted; its usage is not known yet.</summary>
    public const string Pending = "pending";

    /// <summary>The pricing failed.</summary>
    public const string PricingFailed = "pricing_failed";

    /// <summary>The pricing took longer than <see cref="StreamUsageOptions.EstimationTimeout"/>.</summary>
    public const string PricingTimeout = "pricing_timeout";
}
