namespace StreamUsage.Delivery.Outbox;

/// <summary>Keeps records on disk until every sink has them, and facts about open responses until they end. An orphan
/// is a response that was open when its process ended. Members never throw.</summary>
internal interface IRecordOutbox : IAsyncDisposable
{
    /// <summary>Gets why records cannot be stored at present; null if they can.</summary>
    Exception? Fault { get; }

    /// <summary>Stores a record in place of the state of its open response.</summary>
    /// <returns>Whether the record is on disk. If not, the caller delivers it directly and then settles it. Until then,
    /// its entry, if it has one, is not returned.</returns>
    Task<bool> StoreAsync(UsageRecord record);

    /// <summary>Writes the state of open responses in place of their earlier states, so that the next process can
    /// record them.</summary>
    /// <param name="open">The responses so far. Those that have ended by the time they are written are left
    /// out.</param>
    /// <returns>Whether the states are on disk.</returns>
    Task<bool> JournalAsync(IReadOnlyList<OpenRecord> open);

    /// <summary>Waits for stored records, and for responses that another process left open, in the order in which they
    /// were stored. Returns as soon as there is one. Returns each once in a process; an orphan
    /// comes again after it was stored.</summary>
    /// <param name="max">The most entries to return.</param>
    /// <param name="cancellationToken">Ends the wait; the result is empty then.</param>
    Task<IReadOnlyList<OutboxEntry>> ReadAsync(int max, CancellationToken cancellationToken);

    /// <summary>Removes a record that every sink has, or marks it as failed. A failed record is not returned
    /// again.</summary>
    /// <param name="id">The record's id.</param>
    /// <param name="result">Delivered, or Failed if a sink never gets the record.</param>
    void Settle(Guid id, DeliveryResult result);

    /// <summary>Waits until the records that are stored now are settled, the outbox is closed, or it cannot be
    /// used.</summary>
    Task WhenSettledAsync();
}
