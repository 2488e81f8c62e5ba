namespace StreamUsage.Benchmarks.Contenders;

/// <summary>Counts what it is told.</summary>
internal sealed class CountingSink : IUsageSink
{
    private long _started, _recorded;

    public long Recorded => Interlocked.Read(ref _recorded);

    public ValueTask StartedAsync(UsageStart start, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _started);
        return ValueTask.CompletedTask;
    }

    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _recorded);
        return ValueTask.CompletedTask;
    }

    public void WaitForStarted(long count) => Wait(ref _started, count);

    public void WaitForRecords(long count) => Wait(ref _recorded, count);

    // Allocates nothing, which a task would.
    private static void Wait(ref long counter, long count)
    {
        var wait = new SpinWait();
        while (Interlocked.Read(ref counter) < count)
        {
            wait.SpinOnce(sleep1Threshold: -1);
        }
    }
}
