using System.Diagnostics.Metrics;

namespace StreamUsage.Diagnostics;

/// <summary>Represents the gauges of one tracker. They report nothing after it has ended.</summary>
/// <param name="factory">Creates the meter; null for one of the gauges' own.</param>
internal sealed class TrackerGauges(IMeterFactory? factory) : IDisposable
{
    private Meter? _own;
    private volatile bool _isDisposed;

    private Meter Meter => factory?.Create(new MeterOptions(UsageMeter.Name)) ?? (_own ??= new Meter(UsageMeter.Name));

    /// <summary>Adds the gauges of the queues.</summary>
    /// <param name="queues">Returns the state of each queue.</param>
    public void AddQueues(Func<IEnumerable<(string Sink, int Length, TimeSpan OldestAge)>> queues)
    {
        Meter meter = Meter;
        meter.CreateObservableGauge(
            "streamusage.queue.length", () => Measure(queues, "sink", static queue => (queue.Sink, (long)queue.Length)),
            "{record}", "Records that wait for a sink, by sink.");
        meter.CreateObservableGauge(
            "streamusage.queue.oldest_age", () => Measure(queues, "sink", static queue => (queue.Sink, queue.OldestAge.TotalSeconds)),
            "s", "How long the oldest record has waited, by sink.");
    }

    /// <summary>Adds the gauge of the age of a watched price table.</summary>
    /// <param name="table">The name of the table's file.</param>
    /// <param name="age">Returns the age; null before a table was read.</param>
    public void AddPriceTable(string table, Func<TimeSpan?> age) => Meter.CreateObservableGauge(
        "streamusage.price_table.age",
        () => Measure<TimeSpan, double>(() => age() is { } measured ? [measured] : [], "table", measured => (table, measured.TotalSeconds)),
        "s",
        "The time since the price table in use was written, by file.");

    public void Dispose()
    {
        _isDisposed = true;
        _own?.Dispose();
    }

    private Measurement<TValue>[] Measure<TState, TValue>(
        Func<IEnumerable<TState>> states, string tag, Func<TState, (string Name, TValue Value)> measure)
        where TValue : struct => _isDisposed ? [] : [.. states().Select(measure).Select(measured =>
            new Measurement<TValue>(measured.Value, new KeyValuePair<string, object?>(tag, measured.Name)))];
}
