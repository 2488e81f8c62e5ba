using System.Collections;

namespace StreamUsage.Delivery;

/// <summary>Represents the records of one batch call. The default <see cref="IUsageSink.RecordBatchAsync"/> declines
/// it, and each record then gets its own call.</summary>
internal sealed class DeliveryBatch(IReadOnlyList<QueuedRecord> records) : IReadOnlyList<UsageRecord>
{
    public int Count => records.Count;

    /// <summary>Gets whether the sink does not accept batches. Nothing was delivered then.</summary>
    public bool IsDeclined { get; private set; }

    public UsageRecord this[int index] => records[index].Record;

    public void Decline() => IsDeclined = true;

    public IEnumerator<UsageRecord> GetEnumerator() => records.Select(static queued => queued.Record).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
