namespace StreamUsage.Delivery;

/// <summary>One attempt to hand several records to a sink.</summary>
internal sealed class BatchCall(Destination destination, IReadOnlyList<UsageRecord> records) : GuardedCall(destination.Threads)
{
    protected override ValueTask InvokeAsync(CancellationToken cancellationToken) => destination.Sink.RecordBatchAsync(records, cancellationToken);
}
