using System.Diagnostics;

namespace StreamUsage.Benchmarks.Cold;

/// <summary>A timer of 5 ms on the thread pool that remembers its worst delay: what any other work of a service
/// feels.</summary>
internal sealed class TimerWatch : IDisposable
{
    public static readonly TimeSpan Period = TimeSpan.FromMilliseconds(5);

    private readonly object _gate = new();
    private readonly Timer _timer;
    private long _lastTick = Stopwatch.GetTimestamp();
    private TimeSpan _worst;

    public TimerWatch() => _timer = new Timer(static state => ((TimerWatch)state!).Tick(), this, Period, Period);

    /// <summary>Returns the worst delay since the last call, the one that goes on included.</summary>
    public TimeSpan TakeWorst()
    {
        lock (_gate)
        {
            Note(Stopwatch.GetElapsedTime(_lastTick));
            TimeSpan worst = _worst;
            _worst = TimeSpan.Zero;
            return worst;
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        lock (_gate)
        {
            long now = Stopwatch.GetTimestamp();
            Note(Stopwatch.GetElapsedTime(_lastTick, now));
            _lastTick = now;
        }
    }

    private void Note(TimeSpan sinceLastTick)
    {
        TimeSpan delay = sinceLastTick - Period;
        _worst = delay > _worst ? delay : _worst;
    }
}
