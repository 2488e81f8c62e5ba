using System.Diagnostics;

namespace StreamUsage.Recording;

/// <summary>Measures the time since a response began.</summary>
internal readonly struct StreamClock
{
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly long _startTick; // Negative if the clock is not the system's.
    private readonly TimeSpan _before; // From the request's start to this clock's creation.

    public StreamClock(TimeProvider time, DateTimeOffset? requestStartedAt)
    {
        _time = time;
        DateTimeOffset now = time.GetUtcNow();
        _start = time.GetTimestamp();
        _startTick = ReferenceEquals(time, TimeProvider.System) ? Environment.TickCount64 : -1;
        StartedAt = requestStartedAt ?? now;
        _before = requestStartedAt is { } started && started < now ? now - started : TimeSpan.Zero;
    }

    private StreamClock(in StreamClock other, DateTimeOffset requestStartedAt)
    {
        this = other;
        StartedAt = requestStartedAt;
        _before = requestStartedAt < other.StartedAt ? other.StartedAt - requestStartedAt : TimeSpan.Zero;
    }

    public DateTimeOffset StartedAt { get; }

    /// <summary>Returns this clock with a start that became known later.</summary>
    public StreamClock StartAt(DateTimeOffset requestStartedAt) => new(this, requestStartedAt);

    public long Now() => _time.GetTimestamp();

    /// <summary>Returns a timestamp that differs from the time by at most one system tick (16 ms). Costs 20 ns less
    /// than <see cref="Now"/>. Exact if the clock is not the system's.</summary>
    public long NowRoughly() => _startTick < 0 ? Now() : _start + ((Environment.TickCount64 - _startTick) * (Stopwatch.Frequency / 1000));

    /// <summary>Returns the time from the start to a time of <see cref="Now"/>; never negative.</summary>
    public TimeSpan Elapsed(long now) => _before + _time.GetElapsedTime(_start, Math.Max(_start, now));
}
