namespace StreamUsage.Parsing;

/// <summary>A block of a message, as a parser tells of it: spans over the event's bytes, valid during the call only.</summary>
internal readonly ref struct OutputBlock
{
    /// <summary>Names a block.</summary>
    /// <param name="choiceIndex">The choice it belongs to; 0 where a wire has one.</param>
    /// <param name="key">What tells it from the choice's other blocks: the wire's index of it.</param>
    /// <param name="stage">What is told of it here.</param>
    public OutputBlock(int choiceIndex, long key, BlockStage stage)
    {
        ChoiceIndex = choiceIndex;
        Key = key;
        Stage = stage;
    }

    /// <summary>The choice it belongs to; 0 where a wire has one.</summary>
    public int ChoiceIndex { get; }

    /// <summary>What tells it from the choice's other blocks: the wire's index of it.</summary>
    public long Key { get; }

    /// <summary>What is told of it here.</summary>
    public BlockStage Stage { get; }

    /// <summary>What <see cref="ContentBlock.Type"/> is to be, in UTF-8 as it was sent; empty where it was told before, or its output tells.</summary>
    public ReadOnlySpan<byte> Type { get; init; }

    /// <summary>What <see cref="ContentBlock.ToolUseId"/> is to be, in UTF-8 as it was sent; empty where there is none or it was told before. A piece of a block with another id begins a new block.</summary>
    public ReadOnlySpan<byte> Id { get; init; }

    /// <summary>Whether a tool's input is a text, not JSON: <see cref="ContentBlock.InputJson"/> is then that text as a JSON string.</summary>
    public bool HasTextInput { get; init; }

    /// <summary>Whether no output belongs to it (it is what a tool has brought, say): what follows begins another block.</summary>
    public bool IsClosed { get; init; }
}
