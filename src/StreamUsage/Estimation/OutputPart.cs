using StreamUsage.Parsing;

namespace StreamUsage.Estimation;

/// <summary>Represents a part of an output: contiguous text of one kind, the name of a called tool, or one call's
/// arguments.</summary>
internal sealed record OutputPart
{
    /// <summary>Gets the kind of output.</summary>
    public OutputKind Kind { get; init; }

    /// <summary>Gets the index of the choice; 0 if the protocol has only one.</summary>
    public int ChoiceIndex { get; init; }

    /// <summary>Gets the text without the protocol's JSON escapes. Arguments are the model's JSON, and incomplete if a
    /// stream was cut.</summary>
    public string Text { get; init; } = "";
}
