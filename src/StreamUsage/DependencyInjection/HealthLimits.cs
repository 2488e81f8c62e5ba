namespace StreamUsage.DependencyInjection;

/// <summary>Represents the limits of a health check.</summary>
/// <param name="MaxFailingTime">How long a sink may fail.</param>
/// <param name="MaxRecordAge">How long a record may wait.</param>
/// <param name="MaxPriceTableAge">How old a price table may be; null for any age.</param>
internal sealed record HealthLimits(TimeSpan MaxFailingTime, TimeSpan MaxRecordAge, TimeSpan? MaxPriceTableAge)
{
    public static TimeSpan Default { get; } = TimeSpan.FromMinutes(5);
}
