namespace StreamUsage.Parsing;

/// <summary>Specifies what a parser reports of a content block.</summary>
internal enum BlockStage
{
    /// <summary>A delta: output that follows is appended. An unknown block begins.</summary>
    Delta,

    /// <summary>The block begins, even if an earlier block had its key.</summary>
    Begin,

    /// <summary>The block is complete: its fields fill in what the deltas left out. Tool arguments reported as output
    /// count, but are not kept.</summary>
    Done,

    /// <summary>The whole message is repeated. It is used only if nothing of it was reported before.</summary>
    Repeat,
}
