using System.Diagnostics.Metrics;

namespace StreamUsage.Diagnostics;

/// <summary>The meter "StreamUsage". An instrument without a listener costs a field read.</summary>
internal sealed class UsageMeter
{
    private const string Name = "StreamUsage";

    // One for all trackers that are given no factory: a meter stays in the process's list of meters until it is disposed, and a tracker need not be.
    private static readonly Meter Shared = new(Name);

    private readonly Counter<long> _records;
    private readonly Counter<long> _faults;
    private readonly UpDownCounter<long> _open;

    public UsageMeter(IMeterFactory? factory)
    {
        Meter meter = factory?.Create(new MeterOptions(Name)) ?? Shared;
        _records = meter.CreateCounter<long>("streamusage.records", "{record}", "Records made, by outcome.");
        _faults = meter.CreateCounter<long>("streamusage.faults", "{fault}", "Faults beside the byte path, by kind: sink, parser, estimate (the estimator or the pricing).");
        _open = meter.CreateUpDownCounter<long>("streamusage.streams.open", "{stream}", "Responses that are being tracked.");
    }

    public bool CountsOpen => _open.Enabled;

    public void Opened() => _open.Add(1);

    public void Closed() => _open.Add(-1);

    public void Recorded(StreamOutcome outcome)
    {
        if (_records.Enabled)
        {
            _records.Add(1, new KeyValuePair<string, object?>("outcome", outcome.ToString()));
        }
    }

    public void Fault(string kind)
    {
        if (_faults.Enabled)
        {
            _faults.Add(1, new KeyValuePair<string, object?>("kind", kind));
        }
    }
}
