using StreamUsage.Estimation.Counting;

namespace StreamUsage.Estimation;

/// <summary>Represents a response's output: the text that was kept, and the size of all of it. Immutable.</summary>
internal sealed record ModelOutput
{
    /// <summary>Gets the protocol (<see cref="UsageRecord.Protocol"/>); null if unknown.</summary>
    public string? Protocol { get; init; }

    /// <summary>Gets the parts with kept text, by choice, each in order; empty if none was kept.</summary>
    public IReadOnlyList<OutputPart> Parts { get; init; } = [];

    /// <summary>Gets the UTF-16 units of all text, reasoning, refusals and tool arguments seen. Tool names are
    /// excluded.</summary>
    public long Characters { get; init; }

    /// <summary>Gets the bytes by class that were not kept because of
    /// <see cref="StreamUsageOptions.MaxRetainedBytes"/>; else zero.</summary>
    public CharacterClasses NotKept { get; init; }

    /// <summary>Returns the text of the parts, one after the other.</summary>
    public string JoinText() => Parts.Count == 1 ? Parts[0].Text : string.Concat(Parts.Select(static part => part.Text));
}
