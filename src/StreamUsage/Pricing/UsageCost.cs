using System.Collections.ObjectModel;

namespace StreamUsage.Pricing;

/// <summary>Represents the cost of a response by part. The parts include the <see cref="Multiplier"/> and add up to
/// <see cref="Total"/>. Amounts are in <see cref="Currency"/>; 0 means free.</summary>
public sealed record UsageCost
{
    /// <summary>Gets the whole cost, without <see cref="UnpricedParts"/>.</summary>
    public decimal Total { get; init; }

    /// <summary>Gets the cost of uncached input in any modality, and of input units (audio seconds, search units,
    /// pages).</summary>
    public decimal Input { get; init; }

    /// <summary>Gets the cost of cache reads.</summary>
    public decimal CacheRead { get; init; }

    /// <summary>Gets the cost of cache writes, for any lifetime.</summary>
    public decimal CacheCreation { get; init; }

    /// <summary>Gets the cost of output with its reasoning, and of output units (images).</summary>
    public decimal Output { get; init; }

    /// <summary>Gets the cost of server tools, of sessions, and of a request fee.</summary>
    public decimal ServerTools { get; init; }

    /// <summary>Gets the factor on the list price: 1 unless <see cref="PriceTable.WithMultiplier"/> sets another; 0 for
    /// a free answer.</summary>
    public decimal Multiplier { get; init; } = 1;

    /// <summary>Gets the ISO 4217 code of the currency: <c>"USD"</c> by default.</summary>
    public string Currency { get; init; } = "USD";

    /// <summary>Gets the entry of the price table that was used, as <c>provider/entry</c>. If iterations ran on several
    /// models, it is the entry of the response's model. Empty if the pricing names none.</summary>
    public string PricedAs { get; init; } = "";

    /// <summary>Gets the price table's version; null if it has none.</summary>
    public string? PriceTableVersion { get; init; }

    /// <summary>Gets the priced service class: <c>"standard"</c>, <c>"priority"</c>, <c>"flex"</c>, <c>"batch"</c>,
    /// <c>"fast"</c> or <c>"ultrafast"</c>, followed by the region if that has its own price.</summary>
    public string RateClass { get; init; } = "standard";

    /// <summary>Gets the rates that applied, before the <see cref="Multiplier"/>, by name: the price of one token, use,
    /// image or other unit (<c>"input"</c>, <c>"cache_creation_1h"</c>, <c>"web_search"</c>, <c>"audio_minute"</c>).
    /// Empty if the pricing names none.</summary>
    public IReadOnlyDictionary<string, decimal> Rates { get; init; } = NoRates;

    /// <summary>Gets the names of used units and tools without a rate, which the cost excludes; empty if
    /// none.</summary>
    public IReadOnlyList<string> UnpricedParts { get; init; } = [];

    /// <summary>Gets whether the bill may differ: a part has no rate, or standard rates replace the class's missing
    /// ones.</summary>
    public bool IsUncertain { get; init; }

    /// <summary>Gets the cost of each billed iteration, without tools, in the order of
    /// <see cref="UsageRecord.Iterations"/>; empty if there are none.</summary>
    public IReadOnlyList<UsageCost> Iterations { get; init; } = [];

    /// <summary>Returns whether two costs are equal. Rates and iterations are compared by value.</summary>
    /// <param name="other">The other cost.</param>
    public bool Equals(UsageCost? other) =>
        ReferenceEquals(this, other)
        || (other is not null && Amounts == other.Amounts
            && (Currency, PricedAs, PriceTableVersion, RateClass, IsUncertain)
                == (other.Currency, other.PricedAs, other.PriceTableVersion, other.RateClass, other.IsUncertain)
            && (ReferenceEquals(Rates, other.Rates)
                || (Rates.Count == other.Rates.Count
                    && Rates.All(rate => other.Rates.TryGetValue(rate.Key, out decimal price) && price == rate.Value)))
            && UnpricedParts.SequenceEqual(other.UnpricedParts) && Iterations.SequenceEqual(other.Iterations));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Amounts, PricedAs);

    private (decimal, decimal, decimal, decimal, decimal, decimal, decimal) Amounts =>
        (Total, Input, CacheRead, CacheCreation, Output, ServerTools, Multiplier);

    internal static IReadOnlyDictionary<string, decimal> NoRates { get; } = ReadOnlyDictionary<string, decimal>.Empty;
}
