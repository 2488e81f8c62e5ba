namespace StreamUsage.Benchmarks.Contenders;

/// <summary>Counts the records that it is given.</summary>
internal class CountingSink : IUsageSink
{
    private long _recorded;

    public long Recorded => Interlocked.Read(ref _recorded);

    /// <summary>The record that came last; null before any.</summary>
    public UsageRecord? Last { get; private set; }

    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken)
    {
        Last = record;
        Interlocked.Increment(ref _recorded);
        return ValueTask.CompletedTask;
    }

    public void WaitForRecords(long count) => Wait(ref _recorded, count);

    // Allocates nothing, which a task would.
    protected static void Wait(ref long counter, long count)
    {
        var wait = new SpinWait();
        while (Interlocked.Read(ref counter) < count)
        {
            wait.SpinOnce(sleep1Threshold: -1);
        }
    }
}
