namespace StreamUsage;

/// <summary>What ended the response. One value each; <see cref="UsageRecord.Status"/> and <see cref="UsageRecord.StatusCode"/> follow from it.</summary>
public enum StreamOutcome
{
    /// <summary>The answer is complete: its terminal event was seen, or the finish reason of every choice, or it was one whole JSON answer.</summary>
    Completed,

    /// <summary>HTTP status 400 or above, or an error event or error object at any point.</summary>
    ProviderError,

    /// <summary>
    /// The reader left first: it disposed, completed or abandoned the body, or its own destination failed. A cancelled read alone is not leaving: the body may be read on.
    /// </summary>
    ClientAborted,

    /// <summary>The body broke, or ended before the answer was complete.</summary>
    Interrupted,

    /// <summary>The body had no bytes.</summary>
    Empty,

    /// <summary>The body had bytes, but nothing that any parser reads.</summary>
    Unreadable,

    /// <summary>A background answer that has only been accepted.</summary>
    Pending,

    /// <summary>No response headers came. <see cref="UsageTracker.RecordFailure"/> records such a request.</summary>
    NoResponse,
}
