using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace StreamUsage.Diagnostics;

/// <summary>Represents the meter "StreamUsage". An instrument without a listener costs a field read.</summary>
internal sealed class UsageMeter
{
    public const string Name = "StreamUsage";

    // Shared by trackers without a factory: a meter stays in the process's list until it is disposed, and a tracker
    // need not be.
    private static readonly Meter Shared = new(Name);
    private static readonly ConditionalWeakTable<Meter, UsageMeter> Meters = [];

    private readonly Counter<long> _records, _anomalies, _unknownFields, _faults, _delivered, _retried, _dropped;
    private readonly Histogram<double> _deliveryTime;
    private long _open;

    private UsageMeter(Meter meter)
    {
        _records = meter.CreateCounter<long>(
            "streamusage.records", "{record}", "Records of ended responses, by outcome.");
        _faults = meter.CreateCounter<long>(
            "streamusage.faults", "{fault}",
            "Faults outside the byte path, by kind: sink, parser, estimate (the estimator or the pricing), encoding, record.");
        _anomalies = meter.CreateCounter<long>(
            "streamusage.records.anomalies", "{record}",
            "Records with a doubt that a biller should check, by anomaly. A record with several counts for each.");
        _unknownFields = meter.CreateCounter<long>(
            "streamusage.usage.unknown_fields", "{record}",
            "Records with an unknown field in the usage object, by field; at most 256 names, then \"other\".");
        _delivered = meter.CreateCounter<long>("streamusage.records.delivered", "{record}", "Records that a sink accepted, by sink.");
        _retried = meter.CreateCounter<long>(
            "streamusage.records.retried", "{record}", "Records in calls that repeat a failed one, by sink.");
        _dropped = meter.CreateCounter<long>("streamusage.records.dropped", "{record}",
            "Records that a sink did not get, by sink and reason: failed, queue_full, shutdown.");
        _deliveryTime = CreateHistogram(
            meter, "streamusage.delivery.duration",
            "The time until a sink accepted a record, retries and waiting included, by sink.");
        meter.CreateObservableUpDownCounter(
            "streamusage.streams.open", () => Interlocked.Read(ref _open), "{stream}", "Responses that are being read.");
    }

    public bool CountsDeliveries => _delivered.Enabled || _deliveryTime.Enabled;

    /// <summary>Returns the instruments of a factory's meter, or the shared ones without a factory.</summary>
    public static UsageMeter For(IMeterFactory? factory) =>
        Meters.GetValue(factory?.Create(new MeterOptions(Name)) ?? Shared, static meter => new UsageMeter(meter));

    public void Opened() => Interlocked.Increment(ref _open);

    public void Closed() => Interlocked.Decrement(ref _open);

    public void Recorded(StreamOutcome outcome) => Add(_records, 1, "outcome", _records.Enabled ? outcome.ToString() : "");

    public void Anomalies(UsageAnomalies anomalies)
    {
        for (int left = (int)anomalies; left != 0; left &= left - 1)
        {
            Add(_anomalies, 1, "anomaly", ((UsageAnomalies)(left & -left)).ToString());
        }
    }

    public void UnknownUsageField(string name) => Add(_unknownFields, 1, "field", name);

    public void Fault(string kind, int faults) => Add(_faults, faults, "kind", kind);

    public void Delivered(string sink, TimeSpan took)
    {
        Add(_delivered, 1, "sink", sink);
        try
        {
            _deliveryTime.Record(took.TotalSeconds, Tag("sink", sink));
        }
        catch (Exception)
        {
            // A listener's fault must not cost a record.
        }
    }

    public void Retried(string sink, int records) => Add(_retried, records, "sink", sink);

    public void Dropped(string sink, string reason)
    {
        try
        {
            _dropped.Add(1, Tag("sink", sink), Tag("reason", reason));
        }
        catch (Exception)
        {
            // A listener's fault must not cost a record.
        }
    }

    private static void Add(Counter<long> counter, long value, string tag, string tagValue)
    {
        try
        {
            counter.Add(value, Tag(tag, tagValue));
        }
        catch (Exception)
        {
            // A listener's fault must not cost a record.
        }
    }

    private static Histogram<double> CreateHistogram(Meter meter, string name, string description) =>
#if NET9_0_OR_GREATER
        meter.CreateHistogram(
            name,
            "s",
            description,
            tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] });
#else
        meter.CreateHistogram<double>(name, "s", description);
#endif

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
