namespace StreamUsage.Diagnostics;

/// <summary>What went wrong beside a response and is not in its record.</summary>
internal sealed record RecordNotes
{
    public Exception? ParserFault { get; init; }

    /// <summary>Why the body was not decoded to its end; null where it was.</summary>
    public string? ContentFault { get; init; }

    public int IgnoredCounts { get; init; }

    public IReadOnlyList<string> UnknownUsageFields { get; init; } = [];

    public IReadOnlyList<Exception> EstimateFaults { get; init; } = [];

    /// <summary>Why the record could not be made in full; null where it could.</summary>
    public Exception? RecordFault { get; init; }
}
