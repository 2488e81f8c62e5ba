namespace StreamUsage.Diagnostics;

/// <summary>Represents faults of a response that are not in its record.</summary>
internal readonly record struct RecordNotes
{
    public Exception? ParserFault { get; init; }

    /// <summary>Gets why the body was not decoded to its end; null if it was.</summary>
    public string? ContentFault { get; init; }

    public int IgnoredCounts { get; init; }

    public IReadOnlyList<string> UnknownUsageFields { get; init; }

    public IReadOnlyList<Exception> EstimateFaults { get; init; }

    /// <summary>Gets why the record could not be built; null if it was.</summary>
    public Exception? RecordFault { get; init; }
}
