using System.Collections;

namespace StreamUsage.Delivery;

/// <summary>The records of one batch call. The default <see cref="IUsageSink.RecordBatchAsync"/> recognizes it and
/// declines, so that a sink without batches gets each record in a call of its own.</summary>
internal sealed class DeliveryBatch(IReadOnlyList<QueuedRecord> records) : IReadOnlyList<UsageRecord>
{
    public int Count => records.Count;

    /// <summary>Whether the sink does not take batches. Nothing was delivered then.</summary>
    public bool IsDeclined { get; private set; }

    public UsageRecord this[int index] => records[index].Record;

    public void Decline() => IsDeclined = true;

    public IEnumerator<UsageRecord> GetEnumerator() => records.Select(static queued => queued.Record).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
