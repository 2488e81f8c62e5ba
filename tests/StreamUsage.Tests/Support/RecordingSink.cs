using System.Collections.Concurrent;

namespace StreamUsage.Tests.Support;

/// <summary>Keeps what it is given.</summary>
internal sealed class RecordingSink : IUsageSink
{
    public ConcurrentQueue<UsageStart> Starts { get; } = new();

    public ConcurrentQueue<UsageRecord> Records { get; } = new();

    public ValueTask StartedAsync(UsageStart start, CancellationToken cancellationToken)
    {
        Starts.Enqueue(start);
        return ValueTask.CompletedTask;
    }

    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken)
    {
        Records.Enqueue(record);
        return ValueTask.CompletedTask;
    }
}
