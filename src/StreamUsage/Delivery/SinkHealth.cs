using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Tracks the results of one sink's calls, and logs changes: a failure at once, at most once a
/// minute.</summary>
internal sealed class SinkHealth(string sink, UsageReporter reporter, TimeProvider time)
{
    private static readonly TimeSpan MinTimeBetweenReports = TimeSpan.FromMinutes(1);

    private readonly object _gate = new();
    private volatile bool _isFailing;
    private bool _isReported;
    private long _taken, _firstCalls;
    private long? _reportedAt;
    private Exception? _fault;
    private DateTimeOffset _failingSince;
    private CancellationTokenSource? _taking;

    /// <summary>Gets the number of calls that succeeded.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Gets the number of calls with new records.</summary>
    public long FirstCalls => Interlocked.Read(ref _firstCalls);

    /// <summary>Gets the failure of the last call, and when failures began; null if it succeeded.</summary>
    public (Exception Fault, DateTimeOffset Since)? Failure
    {
        get
        {
            lock (_gate)
            {
                return _isFailing ? (_fault!, _failingSince) : null;
            }
        }
    }

    public bool HasTakenSince(long taken) => Taken != taken;

    /// <summary>Returns a token that is cancelled when the sink accepts something.</summary>
    public CancellationToken UntilTaken()
    {
        lock (_gate)
        {
            return (_taking ??= new CancellationTokenSource()).Token;
        }
    }

    public void CountFirstCall() => Interlocked.Increment(ref _firstCalls);

    public void Succeeded()
    {
        Interlocked.Increment(ref _taken);
        if (!_isFailing)
        {
            return;
        }

        CancellationTokenSource? taking;
        bool isBack;
        lock (_gate)
        {
            (taking, _taking) = (_taking, null);
            (isBack, _isReported) = (_isReported, false);
            _isFailing = false;
        }

        taking?.Cancel();
        if (isBack)
        {
            reporter.SinkBack(sink);
        }
    }

    public void Failed(Exception fault)
    {
        bool isNews;
        lock (_gate)
        {
            _failingSince = _isFailing ? _failingSince : time.GetUtcNow();
            _isFailing = true;
            _fault = fault;
            isNews = !_isReported && (_reportedAt is not { } last || time.GetElapsedTime(last) >= MinTimeBetweenReports);
            if (isNews)
            {
                _isReported = true;
                _reportedAt = time.GetTimestamp();
            }
        }

        if (isNews)
        {
            reporter.SinkFailed(sink, fault);
        }
    }
}
