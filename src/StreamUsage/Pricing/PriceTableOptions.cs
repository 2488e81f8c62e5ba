using System.Collections.ObjectModel;

namespace StreamUsage.Pricing;

/// <summary>Specifies how a <see cref="PriceTable"/> prices.</summary>
internal sealed record PriceTableOptions
{
    /// <summary>
    /// Gets the version to note in <see cref="UsageCost.PriceTableVersion"/>; null, the default, for a hash of the
    /// table's text.
    /// </summary>
    public string? Version { get; init; }

    /// <summary>
    /// Gets rates to lay over the table: contract prices, private models. An entry of it is used as a whole in the
    /// place of the table's; it is looked for under the same rules. Null for none.
    /// </summary>
    public PriceTable? Overrides { get; init; }

    /// <summary>
    /// Gets the markup or discount for a response: 1 for none, 0 for an answer that cost nothing (one from a gateway's
    /// cache), 1.2 for a markup of 20 %. At least 0; null for 1.
    /// For a quote it is given a record that holds the context alone.
    /// </summary>
    public Func<UsageRecord, decimal>? Multiplier { get; init; }

    /// <summary>
    /// Gets factors on the standard rates for classes of service and places that the table has no rates for, for
    /// example <c>"flex"</c> 0.5, <c>"batch"</c> 0.5, <c>"us"</c> 1.1.
    /// A class that is neither here nor in the table leaves the record unpriced. At least 0 each; applied to tokens
    /// alone; case does not matter. Empty unless set.
    /// </summary>
    public IReadOnlyDictionary<string, decimal> RateMultipliers { get; init; } = ReadOnlyDictionary<string, decimal>.Empty;

    /// <summary>
    /// Gets whether estimated counts are priced; true unless set. The record says which counts were estimated.
    /// </summary>
    public bool PriceEstimates { get; init; } = true;
}
