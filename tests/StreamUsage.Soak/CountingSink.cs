using System.Globalization;

namespace StreamUsage.Soak;

/// <summary>Counts starts and records by stream, and keeps a stream's first record until it was judged.</summary>
internal sealed class CountingSink(StreamRun?[] runs) : IUsageSink
{
    private readonly int[] _starts = new int[runs.Length];
    private readonly int[] _records = new int[runs.Length];
    private int _early;

    /// <summary>Records that came before their start.</summary>
    public int Early => _early;

    public int StartsOf(int index) => Volatile.Read(ref _starts[index]);

    public int RecordsOf(int index) => Volatile.Read(ref _records[index]);

    public ValueTask StartedAsync(UsageStart start, CancellationToken cancellationToken)
    {
        int index = IndexOf(start.Context);
        if (runs[index] is { } run)
        {
            run.StartId = start.Id;
        }

        Interlocked.Increment(ref _starts[index]);
        return ValueTask.CompletedTask;
    }

    public async ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken)
    {
        int index = IndexOf(record.Context);
        if (StartsOf(index) == 0)
        {
            Interlocked.Increment(ref _early);
        }

        if (Interlocked.Increment(ref _records[index]) == 1 && runs[index] is { } run)
        {
            run.Record = record;
        }

        // Now and then a sink that takes its time.
        if (index % 16 == 0)
        {
            await Task.Delay(index % 32, cancellationToken);
        }
    }

    private static int IndexOf(UsageContext context) => int.Parse(context.RequestId!, CultureInfo.InvariantCulture);
}
