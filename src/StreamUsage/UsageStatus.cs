namespace StreamUsage;

/// <summary>How the exchange ended, in one word for a ledger.</summary>
public enum UsageStatus
{
    /// <summary>The answer is complete.</summary>
    Completed,

    /// <summary>The provider, the network or the caller's own check failed it.</summary>
    Failed,

    /// <summary>The reader left before the answer was complete.</summary>
    Cancelled,

    /// <summary>A background answer that was accepted and has not been produced yet.</summary>
    Pending,
}
