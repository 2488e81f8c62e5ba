using StreamUsage.Delivery;

namespace StreamUsage;

/// <summary>Where records go: the user's own storage. Calls may come from any thread, several at once for different responses; none is made on the byte path.</summary>
public interface IUsageSink
{
    /// <summary>
    /// The response has begun; a store may mark the request as streaming. Called before the response's record, which waits for it at most
    /// <see cref="StreamUsageOptions.SinkTimeout"/>; the bytes never wait for it. Does nothing unless implemented.
    /// </summary>
    /// <param name="start">What is known at the start.</param>
    /// <param name="cancellationToken">Cancelled when the time limit has passed.</param>
    ValueTask StartedAsync(UsageStart start, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(start);
        start.IsIgnored = true;
        return ValueTask.CompletedTask;
    }

    /// <summary>Exactly one completed record per tracked response. Where delivery is retried it is at least once: <see cref="UsageRecord.Id"/> is the idempotency key.</summary>
    /// <param name="record">The complete record.</param>
    /// <param name="cancellationToken">Cancelled when the time limit has passed.</param>
    ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken);

    /// <summary>Several records at once. A sink that can write many in one go overrides this; else <see cref="RecordAsync"/> is called for each, in order.</summary>
    /// <param name="records">The records, in order.</param>
    /// <param name="cancellationToken">Cancelled when the time limit has passed.</param>
    async ValueTask RecordBatchAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(records);
        if (records is DeliveryBatch batch)
        {
            batch.Decline(); // Each record then gets a call, and a time limit, of its own.
            return;
        }

        foreach (UsageRecord record in records)
        {
            await RecordAsync(record, cancellationToken).ConfigureAwait(false);
        }
    }
}
