namespace StreamUsage.Parsing;

/// <summary>Represents a protocol whose events differ mostly in their text, so that a template can be learned from
/// them.</summary>
internal interface ITemplatedProtocol
{
    /// <summary>Returns whether the state never depends on a property of this name.</summary>
    bool IsFree(ReadOnlySpan<byte> name);

    /// <summary>Returns whether a number of this name is a running count, which the next event replaces.</summary>
    bool IsCount(ReadOnlySpan<byte> name) => false;
}
