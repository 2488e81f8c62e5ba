using StreamUsage.Parsing;

namespace StreamUsage.Estimation;

/// <summary>A part of an output: text of one kind without a break, the name of a called tool, or the arguments of one call.</summary>
internal sealed record OutputPart
{
    /// <summary>What it is.</summary>
    public OutputKind Kind { get; init; }

    /// <summary>The choice it belongs to; 0 where a protocol has one.</summary>
    public int ChoiceIndex { get; init; }

    /// <summary>The text, without JSON escapes of the protocol. Arguments are the JSON that the model wrote, which ends anywhere where a stream was cut.</summary>
    public string Text { get; init; } = "";
}
