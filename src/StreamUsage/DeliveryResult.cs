namespace StreamUsage;

/// <summary>How the hand-over of a record ended.</summary>
public enum DeliveryResult
{
    /// <summary>The sink took the record.</summary>
    Delivered,

    /// <summary>The record waits in a queue for its sink.</summary>
    Queued,

    /// <summary>The record is safe in an outbox and goes to its sink from there.</summary>
    Stored,

    /// <summary>The sink did not take the record; the log says so.</summary>
    Failed,
}
