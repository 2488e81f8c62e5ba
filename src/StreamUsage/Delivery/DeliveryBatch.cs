using System.Collections;

namespace StreamUsage.Delivery;

/// <summary>Represents the records of one batch call. The default <see cref="IUsageSink.RecordBatchAsync"/> declines it
/// unless a sink around it has read it, and each record then gets its own call.</summary>
internal sealed class DeliveryBatch(IReadOnlyList<QueuedRecord> records) : IReadOnlyList<UsageRecord>
{
    private bool _isRead;

    public int Count => Read().Count;

    /// <summary>Gets whether the sink does not accept batches. Nothing was delivered then.</summary>
    public bool IsDeclined { get; private set; }

    public UsageRecord this[int index] => Read()[index].Record;

    /// <summary>Declines the batch. Returns false if a sink has read it, and may have stored its records: they must not
    /// be delivered to that sink once more.</summary>
    public bool TryDecline() => IsDeclined = !_isRead;

    public IEnumerator<UsageRecord> GetEnumerator() => Read().Select(static queued => queued.Record).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private IReadOnlyList<QueuedRecord> Read()
    {
        if (IsDeclined)
        {
            throw new NotSupportedException("Another sink of this call takes no batches. Each record follows in its own call.");
        }

        _isRead = true;
        return records;
    }
}
