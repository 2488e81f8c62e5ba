namespace StreamUsage.Pricing;

/// <summary>Specifies how a <see cref="ReloadingPriceTable"/> reads its files.</summary>
public sealed record ReloadingPriceTableOptions
{
    /// <summary>Gets how often the file is checked: every 30 seconds by default; more than zero, at most a
    /// day.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets the file of overriding rates, in either format, which is checked as well; null for none.</summary>
    public string? OverridesPath { get; init; }

    /// <summary>Gets the pricing options.</summary>
    public PriceTableOptions Pricing { get; init; } = new();
}
