namespace StreamUsage.Benchmarks.Contenders;

/// <summary>A sink that is told of beginnings as well.</summary>
internal sealed class StartCountingSink : CountingSink, IUsageSink
{
    private long _started;

    public ValueTask StartedAsync(UsageStart start, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _started);
        return ValueTask.CompletedTask;
    }

    public void WaitForStarted(long count) => Wait(ref _started, count);
}
