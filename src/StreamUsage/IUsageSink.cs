using StreamUsage.Delivery;

namespace StreamUsage;

/// <summary>Receives usage records. Calls may come from any thread, several at once, but never from the thread that
/// reads a body.</summary>
public interface IUsageSink
{
    /// <summary>Reports that a response has begun. Its record follows when this call has ended, or after
    /// <see cref="StreamUsageOptions.SinkTimeout"/>. Does nothing by default.</summary>
    /// <remarks>
    /// <para>An exception is logged. The call is not retried, and the record follows.</para>
    /// <para>A sink that passes the start to other sinks gives each of them a copy (<c>start with { }</c>), as
    /// <see cref="DelegatingUsageSink"/> does. The default marks its start as ignored, and a sink whose own start is
    /// marked gets no more of them.</para>
    /// </remarks>
    /// <param name="start">The facts known at the start.</param>
    /// <param name="cancellationToken">Canceled at <see cref="StreamUsageOptions.SinkTimeout"/>.</param>
    ValueTask StartedAsync(UsageStart start, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(start);
        start.IsIgnored = true; // The delivery then makes no further start calls.
        return ValueTask.CompletedTask;
    }

    /// <summary>Stores a record. A tracked response gives exactly one record. A retry may pass it again:
    /// <see cref="UsageRecord.Id"/> is the idempotency key.</summary>
    /// <remarks>After an exception, the record is retried as the options say. A
    /// <see cref="RejectedRecordsException"/> with its id ends the retries.</remarks>
    /// <param name="record">The complete record.</param>
    /// <param name="cancellationToken">Canceled at <see cref="StreamUsageOptions.SinkTimeout"/>, and when a shutdown
    /// gives up.</param>
    ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken);

    /// <summary>Stores several records. Calls <see cref="RecordAsync"/> for each, in order, unless
    /// overridden.</summary>
    /// <remarks>An exception fails the whole batch, which is split and retried. A
    /// <see cref="RejectedRecordsException"/> fails only the records that it names.</remarks>
    /// <param name="records">The records, in order.</param>
    /// <param name="cancellationToken">Canceled at <see cref="StreamUsageOptions.SinkTimeout"/>, and when a shutdown
    /// gives up.</param>
    async ValueTask RecordBatchAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(records);
        if (records is DeliveryBatch batch && batch.TryDecline())
        {
            return; // The delivery then calls RecordAsync for each record, with a timeout of its own.
        }

        List<Guid>? rejected = null;
        string reason = "";
        foreach (UsageRecord record in records)
        {
            try
            {
                await RecordAsync(record, cancellationToken).ConfigureAwait(false);
            }
            catch (RejectedRecordsException fault)
            {
                (rejected ??= []).Add(record.Id); // The records after it must not count as stored unseen.
                reason = fault.Message;
            }
        }

        if (rejected is not null)
        {
            throw new RejectedRecordsException(rejected, reason);
        }
    }
}
