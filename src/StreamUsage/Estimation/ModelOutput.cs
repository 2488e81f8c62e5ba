using StreamUsage.Estimation.Counting;

namespace StreamUsage.Estimation;

/// <summary>Represents a response's output: the kept text, and the size of the whole output. Immutable.</summary>
internal sealed record ModelOutput
{
    /// <summary>Gets the protocol (<see cref="UsageRecord.Protocol"/>); null if unknown.</summary>
    public string? Protocol { get; init; }

    /// <summary>Gets the parts with kept text, by choice, each in order; empty if none was kept.</summary>
    public IReadOnlyList<OutputPart> Parts { get; init; } = [];

    /// <summary>Gets the number of UTF-16 units of all text, reasoning, refusals and tool arguments, kept or not. Tool
    /// names are excluded.</summary>
    public long Characters { get; init; }

    /// <summary>Gets the number of characters by class that were not kept because of
    /// <see cref="StreamUsageOptions.MaxRetainedBytes"/>; zero if all were kept.</summary>
    public CharacterClasses NotKept { get; init; }

    /// <summary>Returns the concatenated text of the parts.</summary>
    public string JoinText() => Parts.Count == 1 ? Parts[0].Text : string.Concat(Parts.Select(static part => part.Text));
}
