namespace StreamUsage.Delivery;

/// <summary>Why a sink did not get a record, as the log and the meter name it.</summary>
internal static class DropReason
{
    /// <summary>The attempts are used up, or the sink rejected the record.</summary>
    public const string Failed = "failed";

    /// <summary>The queue was full for too long, or the tracker held too much already.</summary>
    public const string QueueFull = "queue_full";

    /// <summary>The time of a shutdown was over.</summary>
    public const string Shutdown = "shutdown";
}
