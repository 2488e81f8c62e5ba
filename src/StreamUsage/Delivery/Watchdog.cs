namespace StreamUsage.Delivery;

/// <summary>
/// The time limit of all calls that a tracker has under way: they have the same limit, so that the oldest ends first, and one timer serves them all. It stands still while nothing is under way.
/// </summary>
internal sealed class Watchdog(TimeSpan limit, SteadyTime time)
{
    private readonly object _gate = new();
    private GuardedCall? _oldest, _newest;
    private TimeProvider _clock = time.Current;
    private ITimer? _timer;
    private bool _isArmed;

    public void Add(GuardedCall call)
    {
        long now = time.GetTimestamp();
        bool arms;
        lock (_gate)
        {
            call.Since = now;
            call.Older = _newest;
            if (_newest is null)
            {
                _oldest = call;
            }
            else
            {
                _newest.Newer = call;
            }

            _newest = call;
            arms = !_isArmed;
            _isArmed = true;
        }

        if (arms)
        {
            Arm(limit);
        }
    }

    public void Remove(GuardedCall call)
    {
        lock (_gate)
        {
            if (call.Older is null && !ReferenceEquals(_oldest, call))
            {
                return; // Taken out already.
            }

            Unlink(call);
        }
    }

    // The timer runs on, once set, though its call has ended: a look after each limit costs less than two changes of a timer for each call.
    private void Look()
    {
        long now = time.GetTimestamp();
        GuardedCall? late = null;
        TimeSpan due;
        lock (_gate)
        {
            if (!ReferenceEquals(_clock, time.Current))
            {
                Restamp(now);
            }

            while (_oldest is { } oldest && time.GetElapsedTime(oldest.Since, now) >= limit)
            {
                Unlink(oldest);
                oldest.Newer = late;
                late = oldest;
            }

            _isArmed = _oldest is not null;
            due = _oldest is null ? TimeSpan.Zero : limit - time.GetElapsedTime(_oldest.Since, now);
        }

        if (due > TimeSpan.Zero)
        {
            Arm(due);
        }

        for (GuardedCall? next; late is not null; late = next)
        {
            next = late.Newer;
            late.Newer = null;
            late.Abandon(new TimeoutException());
        }
    }

    private void Unlink(GuardedCall call)
    {
        (GuardedCall? older, GuardedCall? newer) = (call.Older, call.Newer);
        if (older is null)
        {
            _oldest = newer;
        }
        else
        {
            older.Newer = newer;
        }

        if (newer is null)
        {
            _newest = older;
        }
        else
        {
            newer.Older = older;
        }

        call.Older = call.Newer = null;
    }

    // What another clock has stamped says nothing: what is under way gets its whole limit again.
    private void Restamp(long now)
    {
        _clock = time.Current;
        for (GuardedCall? call = _oldest; call is not null; call = call.Newer)
        {
            call.Since = now;
        }
    }

    private void Arm(TimeSpan due)
    {
        due = TimeSpan.FromMilliseconds(Math.Ceiling(due.TotalMilliseconds)); // A timer that is early by a fraction would look in vain.
        try
        {
            if (_timer is { } timer && timer.Change(due, Timeout.InfiniteTimeSpan))
            {
                return;
            }
        }
        catch (Exception)
        {
            // A timer that cannot be set is as good as none.
        }

        // What the first caller's context carries is not the timer's.
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            _timer = time.CreateTimer(static state => ((Watchdog)state!).Look(), this, due, Timeout.InfiniteTimeSpan);
        }
    }
}
