namespace StreamUsage.Pricing;

/// <summary>What a response cost, by part. The parts are after <see cref="Multiplier"/> and sum up to <see cref="Total"/>.</summary>
public sealed record UsageCost
{
    /// <summary>The whole cost.</summary>
    public decimal Total { get; init; }

    /// <summary>Uncached input.</summary>
    public decimal Input { get; init; }

    /// <summary>Cache reads.</summary>
    public decimal CacheRead { get; init; }

    /// <summary>Cache writes.</summary>
    public decimal CacheCreation { get; init; }

    /// <summary>Output.</summary>
    public decimal Output { get; init; }

    /// <summary>The provider's own tools.</summary>
    public decimal ServerTools { get; init; }

    /// <summary>What the list price was multiplied with.</summary>
    public decimal Multiplier { get; init; } = 1;

    /// <summary>ISO 4217 code of the currency.</summary>
    public string Currency { get; init; } = "USD";

    /// <summary>The entry of the price table that was used, as <c>provider/entry</c>.</summary>
    public string PricedAs { get; init; } = "";

    /// <summary>The price table's version; null where it has none.</summary>
    public string? PriceTableVersion { get; init; }
}
