namespace StreamUsage.Parsing;

/// <summary>What is told of a block.</summary>
internal enum BlockStage
{
    /// <summary>A piece of it: what follows is added to it. It begins where it was not told of before.</summary>
    Delta,

    /// <summary>It begins, whatever had its key before.</summary>
    Begin,

    /// <summary>It is done, and told as a whole: that fills in what its pieces have not told. A tool's arguments that are told as output here count, and are not kept.</summary>
    Done,

    /// <summary>The whole message is told once more: that counts only where none of it was told before.</summary>
    Repeat,
}
