namespace StreamUsage.Delivery;

/// <summary>The user's clock, and the system's from the moment that the user's has thrown: a clock must not cost a record.</summary>
internal sealed class SteadyTime(TimeProvider time) : TimeProvider
{
    private volatile TimeProvider _current = time;

    /// <summary>The clock that counts now. Timestamps of another one cannot be compared with its own.</summary>
    public TimeProvider Current => _current;

    public override long TimestampFrequency
    {
        get
        {
            try
            {
                return _current.TimestampFrequency;
            }
            catch (Exception)
            {
                return GiveUp().TimestampFrequency;
            }
        }
    }

    public override TimeZoneInfo LocalTimeZone => System.LocalTimeZone;

    public override DateTimeOffset GetUtcNow()
    {
        try
        {
            return _current.GetUtcNow();
        }
        catch (Exception)
        {
            return GiveUp().GetUtcNow();
        }
    }

    public override long GetTimestamp()
    {
        try
        {
            return _current.GetTimestamp();
        }
        catch (Exception)
        {
            return GiveUp().GetTimestamp();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        try
        {
            return _current.CreateTimer(callback, state, dueTime, period);
        }
        catch (Exception)
        {
            return GiveUp().CreateTimer(callback, state, dueTime, period);
        }
    }

    private TimeProvider GiveUp() => _current = System;
}
