namespace StreamUsage.Diagnostics;

/// <summary>Represents the faults of a response that are reported beside its record.</summary>
internal readonly record struct RecordNotes
{
    public Exception? ParserFault { get; init; }

    /// <summary>Gets why the body was not decoded to its end; null if it was.</summary>
    public string? ContentFault { get; init; }

    public int IgnoredCounts { get; init; }

    public required IReadOnlyList<string> UnknownUsageFields { get; init; }

    public required IReadOnlyList<Exception> EstimateFaults { get; init; }

    /// <summary>Gets why the record could not be built; null if it was.</summary>
    public Exception? RecordFault { get; init; }
}
