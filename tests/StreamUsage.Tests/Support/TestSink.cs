using System.Collections.Concurrent;

namespace StreamUsage.Tests.Support;

/// <summary>A sink that takes batches, keeps what it is given in order, and fails as the test says.</summary>
internal sealed class TestSink : IUsageSink
{
    public ConcurrentQueue<UsageRecord> Taken { get; } = new();

    /// <summary>The request ids of each call, in order; a call that fails counts too.</summary>
    public ConcurrentQueue<string[]> Calls { get; } = new();

    /// <summary>Before a call takes anything: it throws, or waits.</summary>
    public Func<IReadOnlyList<UsageRecord>, CancellationToken, ValueTask>? Before { get; set; }

    public IEnumerable<string?> Ids => Taken.Select(record => record.Context.RequestId);

    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) => TakeAsync([record], cancellationToken);

    public ValueTask RecordBatchAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken) =>
        TakeAsync(records, cancellationToken);

    private async ValueTask TakeAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
    {
        Calls.Enqueue([.. records.Select(record => record.Context.RequestId!)]);
        if (Before is { } before)
        {
            await before(records, cancellationToken);
        }

        foreach (UsageRecord record in records)
        {
            Taken.Enqueue(record);
        }
    }
}
