namespace StreamUsage;

/// <summary>Specifies what ended a response. Determines <see cref="UsageRecord.Status"/> and
/// <see cref="UsageRecord.StatusCode"/>.</summary>
public enum StreamOutcome
{
    /// <summary>The answer is complete: a terminal event, the finish reason of every choice, or a whole JSON
    /// answer.</summary>
    Completed,

    /// <summary>The HTTP status was 400 or higher, or an error event or error object arrived.</summary>
    ProviderError,

    /// <summary>The reader left first: it disposed, completed or abandoned the body, or the destination of its copy
    /// failed. A canceled read alone does not count, because the reader may continue.</summary>
    ClientAborted,

    /// <summary>The body broke, or ended before the answer was complete, or the tracker was stopped.</summary>
    Interrupted,

    /// <summary>The body held no bytes, or only comments, pings and end markers.</summary>
    Empty,

    /// <summary>The body held bytes that no parser could read.</summary>
    Unreadable,

    /// <summary>A background response was accepted but not yet produced.</summary>
    Pending,

    /// <summary>No response headers arrived. See <see cref="UsageTracker.RecordFailure"/>.</summary>
    NoResponse,
}
