namespace StreamUsage.PassThrough;

/// <summary>When a response began, and how long ago that was. A clock that throws stands still: it is never felt.</summary>
internal readonly struct StreamClock
{
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly TimeSpan _before;

    public StreamClock(TimeProvider time, DateTimeOffset? requestStartedAt)
    {
        _time = time;
        DateTimeOffset now;
        try
        {
            now = time.GetUtcNow();
            _start = time.GetTimestamp();
        }
        catch (Exception)
        {
            _time = time = TimeProvider.System;
            now = time.GetUtcNow();
            _start = time.GetTimestamp();
        }

        StartedAt = requestStartedAt ?? now;
        _before = requestStartedAt is { } started && started < now ? now - started : TimeSpan.Zero;
    }

    public DateTimeOffset StartedAt { get; }

    public long Now()
    {
        try
        {
            return _time.GetTimestamp();
        }
        catch (Exception)
        {
            return _start;
        }
    }

    /// <summary>From the start to a time of <see cref="Now"/>; never negative.</summary>
    public TimeSpan Elapsed(long now)
    {
        TimeSpan since = _time.GetElapsedTime(_start, now);
        return _before + (since < TimeSpan.Zero ? TimeSpan.Zero : since);
    }
}
