namespace StreamUsage;

/// <summary>Specifies how the delivery of a record ended. With several sinks, one that fails makes the result
/// <see cref="Failed"/>.</summary>
public enum DeliveryResult
{
    /// <summary>The sink accepted the record.</summary>
    Delivered,

    /// <summary>The record waits in a queue for its sink.</summary>
    Queued,

    /// <summary>The record is stored in an outbox and is delivered from there.</summary>
    Stored,

    /// <summary>The delivery failed, and the failure was logged.</summary>
    Failed,
}
