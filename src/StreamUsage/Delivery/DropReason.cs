namespace StreamUsage.Delivery;

/// <summary>Names the reasons why a sink did not get a record, for logs and metrics.</summary>
internal static class DropReason
{
    /// <summary>The attempts are used up, or the sink rejected the record.</summary>
    public const string Failed = "failed";

    /// <summary>The queue was full for too long, or the memory budget was used up.</summary>
    public const string QueueFull = "queue_full";

    /// <summary>The time of a shutdown was over.</summary>
    public const string Shutdown = "shutdown";
}
