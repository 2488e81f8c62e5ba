using System.Diagnostics.Metrics;

namespace StreamUsage.Diagnostics;

/// <summary>
/// The meter "StreamUsage". An instrument without a listener costs a field read. Listeners are told by one work item of the thread pool, never by who counts: what is counted while a listener takes its time adds up until it is back,
/// so that no count is lost and what waits is bounded.
/// </summary>
internal sealed class UsageMeter : IThreadPoolWorkItem
{
    public const string Name = "StreamUsage";

    // Counts add up; of durations, each is a value of its own, further ones are not kept.
    private const int MaxDurations = 10_000;

    // One for all trackers that are given no factory: a meter stays in the process's list of meters until it is disposed, and a tracker need not be.
    private static readonly Meter Shared = new(Name);

    private readonly Counter<long> _records, _anomalies, _unknownFields, _faults, _delivered, _retried, _dropped;
    private readonly UpDownCounter<long> _open;
    private readonly Histogram<double> _deliveryTime;

    private readonly object _gate = new();
    private Dictionary<Series, long> _counts = [], _countsToTell = [];
    private List<(string Sink, TimeSpan Time)> _durations = [], _durationsToTell = [];
    private TaskCompletionSource? _whenTold;
    private bool _isTelling, _hasNews;
    private long _openStreams, _toldOpenStreams;

    public UsageMeter(IMeterFactory? factory)
    {
        Meter meter = factory?.Create(new MeterOptions(Name)) ?? Shared;
        _records = meter.CreateCounter<long>("streamusage.records", "{record}", "Responses that have ended, by outcome: each makes a record.");
        _faults = meter.CreateCounter<long>("streamusage.faults", "{fault}", "Faults beside the byte path, by kind: sink, parser, estimate (the estimator or the pricing), encoding.");
        _anomalies = meter.CreateCounter<long>("streamusage.records.anomalies", "{record}", "Records with a doubt that a biller should look at, by anomaly; a record with several counts for each.");
        _unknownFields = meter.CreateCounter<long>("streamusage.usage.unknown_fields", "{record}", "Records whose usage object held a field that no rule reads, by field; at most 256 names, then \"other\".");
        _open = meter.CreateUpDownCounter<long>("streamusage.streams.open", "{stream}", "Responses that are being tracked.");
        _delivered = meter.CreateCounter<long>("streamusage.records.delivered", "{record}", "Records that a sink took, by sink.");
        _retried = meter.CreateCounter<long>("streamusage.records.retried", "{record}", "Records handed to a sink again after a failed attempt, by sink.");
        _dropped = meter.CreateCounter<long>("streamusage.records.dropped", "{record}", "Records that a sink did not get, by sink and reason: failed, queue_full, shutdown.");
        _deliveryTime = meter.CreateHistogram<double>("streamusage.delivery.duration", "s", "From a record's hand-over to when a sink took it, retries and waiting included, by sink.");
    }

    public bool CountsFaults => _faults.Enabled;

    public bool CountsAnomalies => _anomalies.Enabled || _unknownFields.Enabled;

    public bool CountsDeliveries => _delivered.Enabled || _deliveryTime.Enabled;

    public void Opened()
    {
        Interlocked.Increment(ref _openStreams);
        if (_open.Enabled)
        {
            Tell();
        }
    }

    public void Ended(StreamOutcome outcome)
    {
        Interlocked.Decrement(ref _openStreams);
        if (_records.Enabled)
        {
            Tell(new Series(_records, "outcome", outcome.ToString()), 1);
        }
        else if (_open.Enabled)
        {
            Tell();
        }
    }

    /// <summary>A record was made: counts each of its anomalies.</summary>
    public void Anomalies(UsageAnomalies anomalies)
    {
        for (int left = (int)anomalies; left != 0; left &= left - 1)
        {
            Count(new Series(_anomalies, "anomaly", ((UsageAnomalies)(left & -left)).ToString()), 1);
        }
    }

    public void UnknownUsageField(string name) => Count(new Series(_unknownFields, "field", name), 1);

    public void Fault(string kind) => Count(new Series(_faults, "kind", kind), 1);

    public void Delivered(string sink, ReadOnlySpan<TimeSpan> took) => Tell(new Series(_delivered, "sink", sink), took.Length, _deliveryTime.Enabled ? took : []);

    public void Retried(string sink, int records) => Count(new Series(_retried, "sink", sink), records);

    public void Dropped(string sink, string reason, int records) => Count(new Series(_dropped, "sink", sink, reason), records);

    /// <summary>Completes when listeners have been told of all that was counted.</summary>
    public Task WhenTold()
    {
        lock (_gate)
        {
            return _isTelling ? (_whenTold ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (Take())
        {
            foreach ((Series series, long value) in _countsToTell)
            {
                Try(() => series.Add(value));
            }

            foreach ((string sink, TimeSpan time) in _durationsToTell)
            {
                Try(() => _deliveryTime.Record(time.TotalSeconds, Tag("sink", sink)));
            }

            // A listener that comes late is told of all that are open.
            long change = Interlocked.Read(ref _openStreams) - _toldOpenStreams;
            if (change != 0 && _open.Enabled)
            {
                _toldOpenStreams += change;
                Try(() => _open.Add(change));
            }
        }
    }

    private void Count(Series series, long value)
    {
        if (series.Counter.Enabled)
        {
            Tell(series, value);
        }
    }

    // Of open streams there is nothing to add: they are looked at when the listeners are told.
    private void Tell(Series? counted = null, long value = 0, ReadOnlySpan<TimeSpan> durations = default)
    {
        lock (_gate)
        {
            if (counted is { } series)
            {
                _counts[series] = _counts.GetValueOrDefault(series) + value;
                foreach (TimeSpan duration in durations[..Math.Min(durations.Length, MaxDurations - _durations.Count)])
                {
                    _durations.Add((series.Value, duration));
                }
            }

            _hasNews = true;
            if (_isTelling)
            {
                return;
            }

            _isTelling = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    // False where there is nothing to tell: the work item has then ended.
    private bool Take()
    {
        _countsToTell.Clear();
        _durationsToTell.Clear();
        lock (_gate)
        {
            if (!_hasNews)
            {
                _isTelling = false;
                _whenTold?.TrySetResult();
                _whenTold = null;
                return false;
            }

            _hasNews = false;
            (_counts, _countsToTell) = (_countsToTell, _counts);
            (_durations, _durationsToTell) = (_durationsToTell, _durations);
            return true;
        }
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    private static void Try(Action tell)
    {
        try
        {
            tell();
        }
        catch (Exception)
        {
            // A listener that throws is not ours to mend, and must not cost the others their counts.
        }
    }

    /// <summary>A counter under its tags.</summary>
    private readonly record struct Series(Counter<long> Counter, string Tag, string Value, string? Reason = null)
    {
        public void Add(long value)
        {
            if (Reason is null)
            {
                Counter.Add(value, UsageMeter.Tag(Tag, Value));
            }
            else
            {
                Counter.Add(value, UsageMeter.Tag(Tag, Value), UsageMeter.Tag("reason", Reason));
            }
        }
    }
}
