namespace StreamUsage.Delivery.Outbox;

/// <summary>Keeps records on disk until every sink has them, and facts about open responses until they end. Members
/// never throw.</summary>
internal interface IRecordOutbox : IAsyncDisposable
{
    /// <summary>Gets why records cannot be stored at present; null if they can.</summary>
    Exception? Fault { get; }

    /// <summary>Stores a record. What was kept of its open response goes.</summary>
    /// <returns>Whether the record is safe on disk. If not, the caller delivers it directly.</returns>
    Task<bool> StoreAsync(UsageRecord record);

    /// <summary>Keeps the state of open responses, so that the next process can record them.</summary>
    /// <param name="open">The responses so far. Those that have ended when their turn comes are left out.</param>
    /// <returns>Whether it is on disk.</returns>
    Task<bool> JournalAsync(IReadOnlyList<OpenRecord> open);

    /// <summary>Waits for stored records, and for responses that another process left open, in the order in which they
    /// were stored. Each is returned once.</summary>
    /// <param name="max">The most entries to return.</param>
    /// <param name="cancellationToken">Ends the wait; the result is empty then.</param>
    Task<IReadOnlyList<OutboxEntry>> ReadAsync(int max, CancellationToken cancellationToken);

    /// <summary>Removes a record that every sink has, or keeps it as failed.</summary>
    void Settle(Guid id, DeliveryResult result);

    /// <summary>Waits until the records that are stored now are settled.</summary>
    Task WhenSettledAsync();
}
