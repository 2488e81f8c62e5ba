using Microsoft.Extensions.Diagnostics.HealthChecks;
using StreamUsage.Pricing;

namespace StreamUsage.DependencyInjection;

/// <summary>Checks a tracker's sinks, undelivered records, price table and outbox. The worst finding is the status. The
/// description lists all findings.</summary>
internal sealed class TrackerHealthCheck(UsageTracker tracker, HealthLimits limits) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        HealthStatus failure = context.Registration.FailureStatus;
        IReadOnlyList<SinkStatus> sinks = tracker.GetSinkStatus();
        Finding[] findings =
        [
            .. sinks.SelectMany(sink => Check(sink, failure)),
            .. CheckPrices(tracker.RecordSettings.Pricing as PriceTable),
            .. CheckOutbox(tracker.OutboxFault),
        ];
        var data = new Dictionary<string, object>();
        foreach (SinkStatus sink in sinks)
        {
            data[$"{sink.Sink}.queue_length"] = sink.QueueLength;
            data[$"{sink.Sink}.oldest_record_age"] = sink.OldestRecordAge;
        }

        return Task.FromResult(new HealthCheckResult(
            findings.Length == 0 ? HealthStatus.Healthy : findings.Min(static finding => finding.Status), // The worst is the lowest.
            findings.Length == 0 ? null : string.Join(" ", findings.Select(static finding => finding.Text)),
            Array.Find(findings, static finding => finding.Fault is not null).Fault,
            data));
    }

    private IEnumerable<Finding> Check(SinkStatus sink, HealthStatus failure)
    {
        if (sink.FailingSince is { } since)
        {
            TimeSpan failing = tracker.Time.GetUtcNow() - since;
            HealthStatus status = failing > limits.MaxFailingTime ? failure : HealthStatus.Degraded;
            yield return new Finding(status, $"{sink.Sink} has failed for {Text(failing)}.", sink.LastError);
        }

        if (sink.OldestRecordAge > limits.MaxRecordAge)
        {
            yield return new Finding(
                failure, $"A record has waited for {sink.Sink} for {Text(sink.OldestRecordAge)}.", sink.LastError);
        }
    }

    private IEnumerable<Finding> CheckPrices(PriceTable? prices)
    {
        if (prices?.LastFault is { } fault)
        {
            string text = prices.LastWritten is null
                ? "No price table could be loaded; records are unpriced."
                : "The newest price table could not be loaded; an older one is in use.";
            yield return new Finding(HealthStatus.Degraded, text, fault);
        }

        if (prices?.Age is { } age && age > limits.MaxPriceTableAge)
        {
            yield return new Finding(HealthStatus.Degraded, $"The price table is {Text(age)} old.", null);
        }
    }

    private static IEnumerable<Finding> CheckOutbox(Exception? fault) =>
        fault is null ? [] : [new Finding(HealthStatus.Degraded, "The outbox cannot be written; records are delivered directly.", fault)];

    private static string Text(TimeSpan time) => TimeSpan.FromSeconds(Math.Floor(time.TotalSeconds)).ToString("c");

    private readonly record struct Finding(HealthStatus Status, string Text, Exception? Fault);
}
