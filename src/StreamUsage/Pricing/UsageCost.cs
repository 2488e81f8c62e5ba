using System.Collections.ObjectModel;

namespace StreamUsage.Pricing;

/// <summary>Represents the cost of a response, by part, with what it was computed from. The parts are after <see cref="Multiplier"/> and sum up to <see cref="Total"/>.</summary>
public sealed record UsageCost
{
    /// <summary>Gets the whole cost.</summary>
    public decimal Total { get; init; }

    /// <summary>Gets the cost of uncached input, whatever its modality, and of units of input (audio seconds, search units, pages).</summary>
    public decimal Input { get; init; }

    /// <summary>Gets the cost of cache reads.</summary>
    public decimal CacheRead { get; init; }

    /// <summary>Gets the cost of cache writes, whatever their lifetime.</summary>
    public decimal CacheCreation { get; init; }

    /// <summary>Gets the cost of output, reasoning included, and of units of output (images).</summary>
    public decimal Output { get; init; }

    /// <summary>Gets the cost of the provider's own tools, of sessions, and of a fee for the request where there is one.</summary>
    public decimal ServerTools { get; init; }

    /// <summary>Gets the factor on the list price: 1 unless <see cref="PriceTable.WithMultiplier"/> says otherwise.</summary>
    public decimal Multiplier { get; init; } = 1;

    /// <summary>Gets the ISO 4217 code of the currency.</summary>
    public string Currency { get; init; } = "USD";

    /// <summary>Gets the entry of the price table that was used, as <c>provider/entry</c>: of the response's model, where iterations ran on several.</summary>
    public string PricedAs { get; init; } = "";

    /// <summary>Gets the price table's version; null where it has none.</summary>
    public string? PriceTableVersion { get; init; }

    /// <summary>Gets the class of service that was priced: <c>"standard"</c>, <c>"priority"</c>, <c>"flex"</c>, <c>"batch"</c>, <c>"fast"</c>, <c>"ultrafast"</c>, with the place behind it where that has a price of its own.</summary>
    public string RateClass { get; init; } = "standard";

    /// <summary>
    /// Gets the entry's rates as they held for this response (date, tier, class and place applied), before <see cref="Multiplier"/>: currency for one token, use, image or second, by name,
    /// for example <c>"input"</c>, <c>"cache_creation_1h"</c>, <c>"output_audio"</c>, <c>"web_search"</c>. Empty where the pricing does not say.
    /// </summary>
    public IReadOnlyDictionary<string, decimal> Rates { get; init; } = NoRates;

    /// <summary>Gets the units and tools that were used but that the table has no rate for: the cost does not contain them. Empty where there are none.</summary>
    public IReadOnlyList<string> UnpricedParts { get; init; } = [];

    /// <summary>Gets whether the bill may differ: a part has no rate, or the class that was served has none and the standard rates stand in for it.</summary>
    public bool IsUncertain { get; init; }

    /// <summary>Gets the cost of each billed iteration, in the order of <see cref="UsageRecord.Iterations"/>, tools not included; empty where the response has none.</summary>
    public IReadOnlyList<UsageCost> Iterations { get; init; } = [];

    /// <summary>Returns whether two costs are equal, their rates and iterations compared by value.</summary>
    /// <param name="other">The other cost.</param>
    public bool Equals(UsageCost? other) =>
        ReferenceEquals(this, other)
        || (other is not null && Amounts == other.Amounts
            && (Currency, PricedAs, PriceTableVersion, RateClass, IsUncertain) == (other.Currency, other.PricedAs, other.PriceTableVersion, other.RateClass, other.IsUncertain)
            && (ReferenceEquals(Rates, other.Rates) || (Rates.Count == other.Rates.Count && Rates.All(rate => other.Rates.TryGetValue(rate.Key, out decimal price) && price == rate.Value)))
            && UnpricedParts.SequenceEqual(other.UnpricedParts) && Iterations.SequenceEqual(other.Iterations));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Amounts, PricedAs);

    private (decimal, decimal, decimal, decimal, decimal, decimal, decimal) Amounts => (Total, Input, CacheRead, CacheCreation, Output, ServerTools, Multiplier);

    internal static IReadOnlyDictionary<string, decimal> NoRates { get; } = ReadOnlyDictionary<string, decimal>.Empty;
}
