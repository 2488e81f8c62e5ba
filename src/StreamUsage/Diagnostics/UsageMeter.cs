using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace StreamUsage.Diagnostics;

/// <summary>Represents the instruments of the meter "StreamUsage". One without a listener costs a field read. A
/// listener may throw.</summary>
internal sealed class UsageMeter
{
    public const string Name = "StreamUsage";

    // Shared by trackers without a factory: a meter stays in the process's list until it is disposed, and a tracker
    // need not be.
    private static readonly Meter Shared = new(Name);
    private static readonly ConditionalWeakTable<Meter, UsageMeter> Meters = [];

    private readonly Counter<long> _records, _anomalies, _unknownFields, _faults, _delivered, _retried, _dropped, _tokens;
    private readonly Histogram<double> _deliveryTime;
    private readonly BoundedNames _providers = new(), _models = new(), _operations = new();
    private long _open;

    private UsageMeter(Meter meter)
    {
        _records = meter.CreateCounter<long>(
            "streamusage.records", "{record}", "Records of ended responses, by outcome.");
        _faults = meter.CreateCounter<long>(
            "streamusage.faults", "{fault}",
            "Faults outside the byte path, by kind: sink, parser, estimate (the estimator or the pricing), encoding, record, "
            + "pending_answers.");
        _tokens = meter.CreateCounter<long>(
            "streamusage.tokens", "{token}",
            "Billed tokens, each in one kind (input, cache_read, cache_creation, output), by source (reported, estimated).");
        _anomalies = meter.CreateCounter<long>(
            "streamusage.records.anomalies", "{record}",
            "Records with a doubt that a biller should check, by anomaly. A record with several counts for each.");
        _unknownFields = meter.CreateCounter<long>(
            "streamusage.usage.unknown_fields", "{record}",
            "Records with an unknown field in the usage object, by field; at most 256 names of a tracker, then \"other\".");
        _delivered = meter.CreateCounter<long>("streamusage.records.delivered", "{record}", "Records that a sink accepted, by sink.");
        _retried = meter.CreateCounter<long>(
            "streamusage.records.retried", "{record}", "Records in calls that repeat a failed one, by sink.");
        _dropped = meter.CreateCounter<long>("streamusage.records.dropped", "{record}",
            "Records that a sink did not get, by sink and reason: failed, queue_full, shutdown.");
        _deliveryTime = CreateHistogram(
            meter, "streamusage.delivery.duration", "s",
            "The time until a sink accepted a record, retries and waiting included, by sink.",
            [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]);
        meter.CreateObservableUpDownCounter(
            "streamusage.streams.open", () => Interlocked.Read(ref _open), "{stream}", "Responses that are being read.");
    }

    public bool CountsDeliveries => _delivered.Enabled || _deliveryTime.Enabled;

    /// <summary>Returns the instruments of a factory's meter, or the shared ones without a factory.</summary>
    public static UsageMeter For(IMeterFactory? factory) =>
        Meters.GetValue(MeterOf(factory), static meter => new UsageMeter(meter));

    /// <summary>Returns a factory's meter, or the shared one without a factory.</summary>
    public static Meter MeterOf(IMeterFactory? factory) => factory?.Create(new MeterOptions(Name)) ?? Shared;

    /// <summary>Creates a histogram that advises its boundaries, where the framework can (from .NET 9 on).</summary>
    public static Histogram<T> CreateHistogram<T>(Meter meter, string name, string unit, string description, T[] boundaries)
        where T : struct =>
#if NET9_0_OR_GREATER
        meter.CreateHistogram(name, unit, description, tags: null, new InstrumentAdvice<T> { HistogramBucketBoundaries = boundaries });
#else
        meter.CreateHistogram<T>(name, unit, description);
#endif

    public void Opened() => Interlocked.Increment(ref _open);

    public void Closed() => Interlocked.Decrement(ref _open);

    public void Recorded(StreamOutcome outcome) => _records.Add(1, Tag("outcome", _records.Enabled ? outcome.ToString() : ""));

    /// <summary>Counts the billed tokens, each in one kind.</summary>
    public void Tokens(in GenAICall call, MetricTags tags)
    {
        UsageRecord record = call.Record;
        if (!_tokens.Enabled || !call.HasTokens)
        {
            return;
        }

        var attributes = new TagList
        {
            { "provider", _providers.Get(call.Provider) }, { "operation", _operations.Get(call.Operation) },
        };
        if (call.Model is { } model)
        {
            attributes.Add("model", _models.Get(model));
        }

        tags.AddTo(ref attributes, record.Context);
        AddTokens(record.BilledUsage.InputTokens, "input", record.InputSource, attributes);
        AddTokens(record.BilledUsage.CacheReadInputTokens, "cache_read", record.InputSource, attributes);
        AddTokens(record.BilledUsage.CacheCreationInputTokens, "cache_creation", record.InputSource, attributes);
        AddTokens(record.BilledUsage.OutputTokens, "output", record.OutputSource, attributes);
    }

    public void Anomalies(UsageAnomalies anomalies)
    {
        for (int left = _anomalies.Enabled ? (int)anomalies : 0; left != 0; left &= left - 1)
        {
            _anomalies.Add(1, Tag("anomaly", ((UsageAnomalies)(left & -left)).ToString()));
        }
    }

    public void UnknownUsageField(string name) => _unknownFields.Add(1, Tag("field", name));

    public void Fault(string kind, int faults = 1)
    {
        if (faults != 0)
        {
            _faults.Add(faults, Tag("kind", kind));
        }
    }

    public void Delivered(string sink, TimeSpan took)
    {
        _delivered.Add(1, Tag("sink", sink));
        _deliveryTime.Record(took.TotalSeconds, Tag("sink", sink));
    }

    public void Retried(string sink, int records) => _retried.Add(records, Tag("sink", sink));

    public void Dropped(string sink, string reason) => _dropped.Add(1, Tag("sink", sink), Tag("reason", reason));

    private void AddTokens(long tokens, string kind, TokenSource source, TagList attributes)
    {
        if (tokens == 0)
        {
            return;
        }

        attributes.Add("kind", kind);
        attributes.Add("source", source == TokenSource.Estimated ? "estimated" : "reported");
        _tokens.Add(tokens, attributes);
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
