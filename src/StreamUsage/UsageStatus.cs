namespace StreamUsage;

/// <summary>Specifies the summary of an outcome.</summary>
public enum UsageStatus
{
    /// <summary>The answer is complete.</summary>
    Completed,

    /// <summary>The provider or the network failed, or the caller called
    /// <see cref="UsageTracking.Fail"/>.</summary>
    Failed,

    /// <summary>The reader left before the answer was complete.</summary>
    Cancelled,

    /// <summary>A background response was accepted but not yet produced.</summary>
    Pending,
}
