namespace StreamUsage.Parsing;

/// <summary>A wire most of whose events are alike but for some text, so that their shape can be learned (an event template).</summary>
internal interface ITemplatedProtocol
{
    /// <summary>Returns whether the state never depends on a property of this name.</summary>
    bool IsFree(ReadOnlySpan<byte> name);

    /// <summary>Returns whether a number of this name is a running count, which the next event replaces.</summary>
    bool IsCount(ReadOnlySpan<byte> name) => false;
}
