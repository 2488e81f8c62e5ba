using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Tracks the results of one sink's calls with records. Logs the start of an outage, at most once per minute,
/// and its end.</summary>
internal sealed class SinkHealth(string sink, UsageReporter reporter, TimeProvider time)
{
    private static readonly TimeSpan MinTimeBetweenReports = TimeSpan.FromMinutes(1);

    private readonly object _gate = new();
    private volatile bool _isFailing;
    private bool _isReported;
    private long _successes, _firstCalls;
    private long? _reportedAt;
    private Exception? _fault;
    private DateTimeOffset _failingSince;
    private CancellationTokenSource? _untilSuccess;

    /// <summary>Gets the number of calls that succeeded, also if the sink rejected records.</summary>
    public long Successes => Interlocked.Read(ref _successes);

    /// <summary>Gets the number of calls with new records. If it has not changed, nothing but retries tested the
    /// sink.</summary>
    public long FirstCalls => Interlocked.Read(ref _firstCalls);

    /// <summary>Gets the last failure, and when failures began; null if a call has succeeded since.</summary>
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

    public bool HasSucceededSince(long successes) => Successes != successes;

    /// <summary>Returns a token that the next success cancels, if the sink is failing. Check
    /// <see cref="HasSucceededSince"/> afterwards.</summary>
    public CancellationToken UntilSuccess()
    {
        lock (_gate)
        {
            return (_untilSuccess ??= new CancellationTokenSource()).Token;
        }
    }

    public void CountFirstCall() => Interlocked.Increment(ref _firstCalls);

    public void Succeeded()
    {
        Interlocked.Increment(ref _successes);
        if (!_isFailing)
        {
            return;
        }

        CancellationTokenSource? waiting;
        bool isBack;
        lock (_gate)
        {
            (waiting, _untilSuccess) = (_untilSuccess, null);
            (isBack, _isReported) = (_isReported, false);
            _isFailing = false;
        }

        waiting?.Cancel();
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
