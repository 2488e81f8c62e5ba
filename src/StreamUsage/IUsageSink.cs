using StreamUsage.Delivery;

namespace StreamUsage;

/// <summary>Receives usage records. Calls may come from any thread, several at once, but never on the byte
/// path.</summary>
public interface IUsageSink
{
    /// <summary>Reports that a response has begun. Called before <see cref="RecordAsync"/>, which waits for it at most
    /// <see cref="StreamUsageOptions.SinkTimeout"/>. Does nothing by default.</summary>
    /// <param name="start">The facts known at the start.</param>
    /// <param name="cancellationToken">Cancelled at the timeout.</param>
    ValueTask StartedAsync(UsageStart start, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(start);
        start.IsIgnored = true;
        return ValueTask.CompletedTask;
    }

    /// <summary>Stores a record. A tracked response gives exactly one record. A retry may pass it again:
    /// <see cref="UsageRecord.Id"/> is the idempotency key.</summary>
    /// <param name="record">The complete record.</param>
    /// <param name="cancellationToken">Cancelled at the timeout.</param>
    ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken);

    /// <summary>Stores several records. Calls <see cref="RecordAsync"/> for each, in order, unless
    /// overridden.</summary>
    /// <param name="records">The records, in order.</param>
    /// <param name="cancellationToken">Cancelled at the timeout.</param>
    async ValueTask RecordBatchAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(records);
        if (records is DeliveryBatch batch)
        {
            batch.Decline(); // Each record then gets its own call and timeout.
            return;
        }

        foreach (UsageRecord record in records)
        {
            await RecordAsync(record, cancellationToken).ConfigureAwait(false);
        }
    }
}
