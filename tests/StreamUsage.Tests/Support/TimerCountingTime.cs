using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace StreamUsage.Tests.Support;

/// <summary>A clock that stands still until it is moved, and says which time limits have begun to run.</summary>
internal sealed class TimerCountingTime : FakeTimeProvider
{
    private readonly ConcurrentQueue<TimeSpan> _limits = new();

    /// <summary>How many time limits of this length have begun to run.</summary>
    public int LimitsOf(TimeSpan length) => _limits.Count(limit => limit == length);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        _limits.Enqueue(dueTime);
        return timer;
    }
}
