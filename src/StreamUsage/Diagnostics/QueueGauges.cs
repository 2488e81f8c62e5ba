using System.Diagnostics.Metrics;

namespace StreamUsage.Diagnostics;

/// <summary>Represents the gauges of a tracker's queues.</summary>
internal sealed class QueueGauges : IDisposable
{
    private readonly Meter? _own;
    private Func<IEnumerable<(string Sink, int Length, TimeSpan OldestAge)>>? _queues;

    public QueueGauges(IMeterFactory? factory, Func<IEnumerable<(string Sink, int Length, TimeSpan OldestAge)>> queues)
    {
        _queues = queues;
        Meter meter = factory?.Create(new MeterOptions(UsageMeter.Name)) ?? (_own = new Meter(UsageMeter.Name));
        meter.CreateObservableGauge(
            "streamusage.queue.length", () => Measure(static queue => (long)queue.Length),
            "{record}", "Records that wait for a sink, by sink.");
        meter.CreateObservableGauge(
            "streamusage.queue.oldest_age", () => Measure(static queue => queue.OldestAge.TotalSeconds),
            "s", "How long the oldest record has waited, by sink.");
    }

    public void Dispose()
    {
        _queues = null;
        _own?.Dispose();
    }

    private IEnumerable<Measurement<T>> Measure<T>(Func<(string Sink, int Length, TimeSpan OldestAge), T> value)
        where T : struct =>
        [.. (_queues?.Invoke() ?? [])
            .Select(queue => new Measurement<T>(value(queue), new KeyValuePair<string, object?>("sink", queue.Sink)))];
}
