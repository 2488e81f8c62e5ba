using StreamUsage.Framing.Encodings;

namespace StreamUsage.Recording;

/// <summary>What went wrong beside a response and is not in its record.</summary>
internal sealed record RecordNotes
{
    public Exception? ParserFault { get; init; }

    public ContentFault? ContentFault { get; init; }

    public int IgnoredCounts { get; init; }

    public IReadOnlyList<Exception> EstimateFaults { get; init; } = [];

    /// <summary>Why the record could not be made in full; null where it could.</summary>
    public Exception? RecordFault { get; init; }
}
