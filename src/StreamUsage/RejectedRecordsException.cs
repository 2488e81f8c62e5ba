namespace StreamUsage;

/// <summary>Represents records that a sink will never accept, so that they are not retried. Thrown by
/// <see cref="IUsageSink.RecordBatchAsync"/> or <see cref="IUsageSink.RecordAsync"/>. The other records of the call
/// count as stored.</summary>
public sealed class RejectedRecordsException : Exception
{
    /// <summary>Creates the exception without ids. All records of the call count as stored; use the constructor with
    /// ids to reject records.</summary>
    public RejectedRecordsException()
        : this([], "Records were rejected.")
    {
    }

    /// <summary>Creates the exception without ids. All records of the call count as stored; use the constructor with
    /// ids to reject records.</summary>
    /// <param name="message">The reason.</param>
    public RejectedRecordsException(string message)
        : this([], message)
    {
    }

    /// <summary>Creates the exception without ids. All records of the call count as stored; use the constructor with
    /// ids to reject records.</summary>
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
