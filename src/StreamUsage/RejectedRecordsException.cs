namespace StreamUsage;

/// <summary>Represents records that a sink will never accept. Sinks throw it. The other records of the call count as
/// stored. Rejected records are not retried.</summary>
public sealed class RejectedRecordsException : Exception
{
    /// <summary>Creates the exception without ids: a batch counts as stored, the record of a call with one record as
    /// rejected.</summary>
    public RejectedRecordsException()
        : this([], "Records were rejected.")
    {
    }

    /// <summary>Creates the exception without ids: a batch counts as stored, the record of a call with one record as
    /// rejected.</summary>
    /// <param name="message">The reason.</param>
    public RejectedRecordsException(string message)
        : this([], message)
    {
    }

    /// <summary>Creates the exception without ids: a batch counts as stored, the record of a call with one record as
    /// rejected.</summary>
    /// <param name="message">The reason.</param>
    /// <param name="innerException">The cause; null for none.</param>
    public RejectedRecordsException(string message, Exception? innerException)
        : base(message, innerException) => RecordIds = [];

    /// <summary>Creates the exception with rejected records.</summary>
    /// <param name="recordIds">The <see cref="UsageRecord.Id"/> of each rejected record. Unknown ids are
    /// ignored.</param>
    /// <param name="message">The reason, which is logged.</param>
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
