using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace StreamUsage.Snippets;

#region health
internal sealed class UsageHealthCheck(UsageTracker tracker) : IHealthCheck
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(5);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        SinkStatus? late = tracker.GetSinkStatus().FirstOrDefault(sink => sink.OldestRecordAge > MaxAge);
        return Task.FromResult(late is null ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded(late.Sink, late.LastError));
    }
}
#endregion
