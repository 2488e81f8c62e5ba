using Microsoft.Extensions.Time.Testing;

namespace StreamUsage.Tests.Support;

/// <summary>A clock that stands still until it is moved, and says when the first time limit has begun to run.</summary>
internal sealed class TimerCountingTime : FakeTimeProvider
{
    private int _timers;

    public int Timers => Volatile.Read(ref _timers);

    public TaskCompletionSource TimerMade { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        Interlocked.Increment(ref _timers);
        TimerMade.TrySetResult();
        return timer;
    }
}
