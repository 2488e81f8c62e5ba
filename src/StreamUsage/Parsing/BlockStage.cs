namespace StreamUsage.Parsing;

/// <summary>Specifies what a parser reports of a content block.</summary>
internal enum BlockStage
{
    /// <summary>A delta: the output that follows is appended. If no block has the key yet, one begins.</summary>
    Delta,

    /// <summary>The block begins, even if an earlier block had its key.</summary>
    Begin,

    /// <summary>The block is complete: its fields fill in what the deltas left out. Tool arguments that are reported as
    /// output in this stage are counted but not captured, because the field holds them.</summary>
    Done,

    /// <summary>The whole message is repeated. The block is used only if nothing of the message was reported
    /// before.</summary>
    Repeat,
}
