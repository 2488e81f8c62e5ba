using StreamUsage.Estimation.Counting;

namespace StreamUsage.Estimation;

/// <summary>What was seen of a response's output: the text as far as it was kept, and the size of all of it. Never changes.</summary>
internal sealed record ModelOutput
{
    /// <summary>What was read, as <see cref="UsageRecord.Protocol"/> says it; null where not known.</summary>
    public string? Protocol { get; init; }

    /// <summary>The parts whose text was kept, choice after choice, each in order; empty where nothing was.</summary>
    public IReadOnlyList<OutputPart> Parts { get; init; } = [];

    /// <summary>UTF-16 units of all text, reasoning, refusals and tool arguments seen, kept or not; tool names are not among them.</summary>
    public long Characters { get; init; }

    /// <summary>The bytes, by class, of what was seen while <see cref="StreamUsageOptions.MaxRetainedBytes"/> allowed no text to be kept; zero where it did.</summary>
    public CharacterClasses NotKept { get; init; }

    /// <summary>Returns the text of the parts, one after the other.</summary>
    public string JoinText() => Parts.Count == 1 ? Parts[0].Text : string.Concat(Parts.Select(static part => part.Text));
}
