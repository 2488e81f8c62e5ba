using System.Collections.ObjectModel;

namespace StreamUsage.Pricing;

/// <summary>Specifies how a <see cref="PriceTable"/> prices.</summary>
internal sealed record PriceTableOptions
{
    /// <summary>Gets the version for <see cref="UsageCost.PriceTableVersion"/>; null (the default) uses a hash of the
    /// table.</summary>
    public string? Version { get; init; }

    /// <summary>Gets the table whose entries replace those of the same model (contract prices, private models); null
    /// for none.</summary>
    public PriceTable? Overrides { get; init; }

    /// <summary>Gets the function that returns the factor on a response's price, at least 0; null means 1. For a quote,
    /// the record has only its context and start.</summary>
    public Func<UsageRecord, decimal>? Multiplier { get; init; }

    /// <summary>Gets factors on the standard token rates, at least 0, for classes and regions that the table lacks: for
    /// example <c>"flex"</c> 0.5, <c>"batch"</c> 0.5, <c>"us"</c> 1.1. Case is ignored in names. Empty by
    /// default.</summary>
    public IReadOnlyDictionary<string, decimal> RateMultipliers { get; init; } = ReadOnlyDictionary<string, decimal>.Empty;

    /// <summary>Gets whether estimated counts are priced: true by default.</summary>
    public bool PriceEstimates { get; init; } = true;
}
