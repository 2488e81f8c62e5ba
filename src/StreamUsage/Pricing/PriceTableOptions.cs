using System.Collections.ObjectModel;

namespace StreamUsage.Pricing;

/// <summary>Specifies how a <see cref="PriceTable"/> prices.</summary>
internal sealed record PriceTableOptions
{
    /// <summary>Gets the version for <see cref="UsageCost.PriceTableVersion"/>; null (the default) uses a hash of the
    /// table.</summary>
    public string? Version { get; init; }

    /// <summary>Gets rates that override the table (contract prices, private models); null for none. A matching entry
    /// replaces the table's as a whole.</summary>
    public PriceTable? Overrides { get; init; }

    /// <summary>Gets the factor on a response's price, at least 0; null means 1. For example, 0 for an answer from a
    /// gateway's cache, and 1.2 for a markup of 20 %. For a quote, the record holds only the context.</summary>
    public Func<UsageRecord, decimal>? Multiplier { get; init; }

    /// <summary>Gets factors on the standard token rates, at least 0, for classes and regions that the table lacks. For
    /// example <c>"flex"</c> 0.5, <c>"batch"</c> 0.5, <c>"us"</c> 1.1. Names ignore case. Empty by default. A record of
    /// an unknown class is unpriced.</summary>
    public IReadOnlyDictionary<string, decimal> RateMultipliers { get; init; } = ReadOnlyDictionary<string, decimal>.Empty;

    /// <summary>Gets whether estimated counts are priced: true by default.</summary>
    public bool PriceEstimates { get; init; } = true;
}
