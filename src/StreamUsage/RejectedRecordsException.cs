namespace StreamUsage;

/// <summary>
/// Thrown by a sink's <see cref="IUsageSink.RecordBatchAsync"/> to name the records that it will never accept. The other records
/// of the batch count as stored. The named ones are not tried again.
/// </summary>
public sealed class RejectedRecordsException : Exception
{
    /// <summary>Creates the exception without any record: the batch counts as stored.</summary>
    public RejectedRecordsException()
        : this([], "Records were rejected.")
    {
    }

    /// <summary>Creates the exception without any record: the batch counts as stored.</summary>
    /// <param name="message">The reason.</param>
    public RejectedRecordsException(string message)
        : this([], message)
    {
    }

    /// <summary>Creates the exception without any record: the batch counts as stored.</summary>
    /// <param name="message">The reason.</param>
    /// <param name="innerException">The cause; null for none.</param>
    public RejectedRecordsException(string message, Exception? innerException)
        : base(message, innerException) => RecordIds = [];

    /// <summary>Creates the exception.</summary>
    /// <param name="recordIds">The <see cref="UsageRecord.Id"/> of each rejected record. Ids that the batch does not hold are ignored.</param>
    /// <param name="message">The reason, which appears in the log.</param>
    /// <exception cref="ArgumentNullException"><paramref name="recordIds"/> is null.</exception>
    public RejectedRecordsException(IReadOnlyCollection<Guid> recordIds, string message)
        : base(message)
    {
        ArgumentNullException.ThrowIfNull(recordIds);
        RecordIds = recordIds;
    }

    /// <summary>Gets the ids of the rejected records.</summary>
    public IReadOnlyCollection<Guid> RecordIds { get; }
}
