namespace StreamUsage.Parsing;

/// <summary>Represents a block of a message as reported by a parser. Its spans are valid only during the
/// call.</summary>
internal readonly ref struct OutputBlock
{
    /// <summary>Creates a block.</summary>
    /// <param name="choiceIndex">The index of the choice; 0 if the protocol has only one.</param>
    /// <param name="key">The key among the choice's blocks: the protocol's index.</param>
    /// <param name="stage">The reported stage.</param>
    public OutputBlock(int choiceIndex, long key, BlockStage stage)
    {
        ChoiceIndex = choiceIndex;
        Key = key;
        Stage = stage;
    }

    /// <summary>Gets the index of the choice; 0 if the protocol has only one.</summary>
    public int ChoiceIndex { get; }

    /// <summary>Gets the key among the choice's blocks: the protocol's index.</summary>
    public long Key { get; }

    /// <summary>Gets the reported stage.</summary>
    public BlockStage Stage { get; }

    /// <summary>Gets the value of <see cref="ContentBlock.Type"/> as sent; empty if reported before or implied by the
    /// output.</summary>
    public ReadOnlySpan<byte> Type { get; init; }

    /// <summary>Gets the value of <see cref="ContentBlock.ToolUseId"/> as sent; empty if none or reported before. A
    /// delta with another id begins a new block.</summary>
    public ReadOnlySpan<byte> Id { get; init; }

    /// <summary>Gets whether a tool's input is text, so that <see cref="ContentBlock.InputJson"/> is a JSON
    /// string.</summary>
    public bool HasTextInput { get; init; }

    /// <summary>Gets whether no output belongs to the block (a tool result, say); output that follows begins another
    /// block.</summary>
    public bool IsClosed { get; init; }
}
