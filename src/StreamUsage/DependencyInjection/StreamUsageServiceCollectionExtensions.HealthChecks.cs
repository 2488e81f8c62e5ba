using Microsoft.Extensions.Diagnostics.HealthChecks;
using StreamUsage.DependencyInjection;

namespace Microsoft.Extensions.DependencyInjection;

/// <content>Adds a health check to an <see cref="IHealthChecksBuilder"/>.</content>
public static partial class StreamUsageServiceCollectionExtensions
{
    /// <summary>Adds a health check of a tracker: its sinks, undelivered records, price table and outbox.</summary>
    /// <remarks>Degraded: a sink fails, the price table is older than its limit or could not be loaded, or the outbox
    /// cannot be written. <paramref name="failureStatus"/>: a sink has failed for longer than
    /// <paramref name="maxFailingTime"/>, or a record has waited longer than <paramref name="maxRecordAge"/>. The check
    /// makes no calls to sinks. Its data holds the queue length and the age of the oldest record of each
    /// sink.</remarks>
    /// <param name="builder">The health checks' builder.</param>
    /// <param name="name">The name of the check; null for <c>streamusage</c>, or <c>streamusage-NAME</c> for a named
    /// tracker.</param>
    /// <param name="failureStatus">The status of a failure; null for <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">The tags that select the check; null for none.</param>
    /// <param name="timeout">The timeout of the check; null for none.</param>
    /// <param name="trackerName">The name of the tracker; null for the default one.</param>
    /// <param name="maxFailingTime">How long a sink may fail; null for 5 minutes.</param>
    /// <param name="maxRecordAge">How long a record may wait; null for 5 minutes.</param>
    /// <param name="maxPriceTableAge">How old a watched price table may be; null for any age.</param>
    /// <returns>The health checks' builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static IHealthChecksBuilder AddStreamUsage(
        this IHealthChecksBuilder builder,
        string? name = null,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null,
        TimeSpan? timeout = null,
        string? trackerName = null,
        TimeSpan? maxFailingTime = null,
        TimeSpan? maxRecordAge = null,
        TimeSpan? maxPriceTableAge = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var limits = new HealthLimits(maxFailingTime ?? HealthLimits.Default, maxRecordAge ?? HealthLimits.Default, maxPriceTableAge);
        name ??= string.IsNullOrEmpty(trackerName) ? "streamusage" : $"streamusage-{trackerName}";
        return builder.Add(new HealthCheckRegistration(
            name, provider => new TrackerHealthCheck(TrackerFactory.Find(provider, trackerName), limits), failureStatus, tags, timeout));
    }
}
