using System.Diagnostics.Metrics;

namespace StreamUsage.Diagnostics;

/// <summary>The meter "StreamUsage". An instrument without a listener costs a field read.</summary>
internal sealed class UsageMeter
{
    public const string Name = "StreamUsage";

    // One for all trackers that are given no factory: a meter stays in the process's list of meters until it is disposed, and a tracker need not be.
    private static readonly Meter Shared = new(Name);

    private readonly Counter<long> _records, _faults, _delivered, _retried, _dropped;
    private readonly UpDownCounter<long> _open;
    private readonly Histogram<double> _deliveryTime;

    public UsageMeter(IMeterFactory? factory)
    {
        Meter meter = factory?.Create(new MeterOptions(Name)) ?? Shared;
        _records = meter.CreateCounter<long>("streamusage.records", "{record}", "Responses that have ended, by outcome: each makes a record.");
        _faults = meter.CreateCounter<long>("streamusage.faults", "{fault}", "Faults beside the byte path, by kind: sink, parser, estimate (the estimator or the pricing), encoding.");
        _open = meter.CreateUpDownCounter<long>("streamusage.streams.open", "{stream}", "Responses that are being tracked.");
        _delivered = meter.CreateCounter<long>("streamusage.records.delivered", "{record}", "Records that a sink took, by sink.");
        _retried = meter.CreateCounter<long>("streamusage.records.retried", "{record}", "Records handed to a sink again after a failed attempt, by sink.");
        _dropped = meter.CreateCounter<long>("streamusage.records.dropped", "{record}", "Records that a sink did not get, by sink and reason: failed, queue_full, shutdown.");
        _deliveryTime = meter.CreateHistogram<double>("streamusage.delivery.duration", "s", "From a record's hand-over to when a sink took it, retries and waiting included, by sink.");
    }

    public bool CountsOpen => _open.Enabled;

    public bool CountsEnds => _open.Enabled || _records.Enabled;

    public bool CountsFaults => _faults.Enabled;

    public bool CountsDeliveries => _delivered.Enabled || _deliveryTime.Enabled;

    public bool CountsAttempts => _faults.Enabled || _retried.Enabled;

    public bool CountsDropped => _dropped.Enabled;

    public void Opened() => _open.Add(1);

    public void Closed() => _open.Add(-1);

    public void Recorded(StreamOutcome outcome)
    {
        if (_records.Enabled)
        {
            _records.Add(1, Tag("outcome", outcome.ToString()));
        }
    }

    public void Fault(string kind)
    {
        if (_faults.Enabled)
        {
            _faults.Add(1, Tag("kind", kind));
        }
    }

    public void Delivered(string sink, int records) => _delivered.Add(records, Tag("sink", sink));

    public void DeliveryTook(string sink, TimeSpan time) => _deliveryTime.Record(time.TotalSeconds, Tag("sink", sink));

    public void Retried(string sink, int records) => _retried.Add(records, Tag("sink", sink));

    public void Dropped(string sink, string reason) => _dropped.Add(1, Tag("sink", sink), Tag("reason", reason));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
