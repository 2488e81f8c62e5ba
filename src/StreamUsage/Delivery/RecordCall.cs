namespace StreamUsage.Delivery;

/// <summary>One attempt to hand a record to a sink.</summary>
internal sealed class RecordCall(Destination destination, UsageRecord record) : GuardedCall(destination.Threads)
{
    protected override ValueTask InvokeAsync(CancellationToken cancellationToken) => destination.Sink.RecordAsync(record, cancellationToken);
}
