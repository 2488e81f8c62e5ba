namespace StreamUsage.Pricing;

/// <summary>Specifies how a <see cref="ReloadingPriceTable"/> reads its files.</summary>
public sealed record ReloadingPriceTableOptions
{
    /// <summary>Gets how often to look for a new file: every 30 seconds unless set; more than zero, at most a
    /// day.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets the file of rates to lay over the table, in either format; watched as well. Null for
    /// none.</summary>
    public string? OverridesPath { get; init; }

    /// <summary>Gets how to price.</summary>
    public PriceTableOptions Pricing { get; init; } = new();
}
