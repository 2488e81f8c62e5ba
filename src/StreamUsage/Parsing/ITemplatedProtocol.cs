namespace StreamUsage.Parsing;

/// <summary>Represents a protocol most of whose events differ only in some text and counts, so that a template can be
/// learned from them.</summary>
internal interface ITemplatedProtocol
{
    /// <summary>Returns whether the state never depends on a property of this name.</summary>
    bool IsFree(ReadOnlySpan<byte> name);

    /// <summary>Returns whether a number of this name is a running count, which the next event replaces.</summary>
    bool IsCount(ReadOnlySpan<byte> name) => false;
}
