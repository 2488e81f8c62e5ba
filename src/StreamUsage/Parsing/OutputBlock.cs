namespace StreamUsage.Parsing;

/// <summary>Represents a block of a message as reported by a parser. Its spans are valid only during the
/// call.</summary>
internal readonly ref struct OutputBlock
{
    /// <summary>Creates a block.</summary>
    /// <param name="choiceIndex">The index of the choice; 0 if the protocol has only one.</param>
    /// <param name="key">A number, chosen by the parser, that identifies the block within the choice.</param>
    /// <param name="stage">The reported stage.</param>
    public OutputBlock(int choiceIndex, long key, BlockStage stage)
    {
        ChoiceIndex = choiceIndex;
        Key = key;
        Stage = stage;
    }

    /// <summary>Gets the index of the choice; 0 if the protocol has only one.</summary>
    public int ChoiceIndex { get; }

    /// <summary>Gets the number, chosen by the parser, that identifies the block within the choice.</summary>
    public long Key { get; }

    /// <summary>Gets the reported stage.</summary>
    public BlockStage Stage { get; }

    /// <summary>Gets the value of <see cref="ContentBlock.Type"/> as sent. Empty if it was reported before, or if the
    /// kind of the output that follows determines it.</summary>
    public ReadOnlySpan<byte> Type { get; init; }

    /// <summary>Gets the value of <see cref="ContentBlock.ToolUseId"/> as sent; empty if none or reported before. A
    /// delta with another id begins a new block.</summary>
    public ReadOnlySpan<byte> Id { get; init; }

    /// <summary>Gets whether a tool's input is text, so that <see cref="ContentBlock.InputJson"/> is a JSON
    /// string.</summary>
    public bool HasTextInput { get; init; }

    /// <summary>Gets whether the block takes no output, as a tool result does. Output that follows begins another
    /// block.</summary>
    public bool IsClosed { get; init; }
}
