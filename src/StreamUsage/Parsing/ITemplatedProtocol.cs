namespace StreamUsage.Parsing;

/// <summary>Represents a protocol most of whose events equal an earlier one except for a few properties. Such an event
/// need not be parsed: it is matched with a template (docs/internals/templates.md).</summary>
internal interface ITemplatedProtocol
{
    /// <summary>Returns whether a property of this name can change without a change of the state. This is a guess,
    /// which is checked for each template. An empty string is never changed for another one.</summary>
    bool MayVary(ReadOnlySpan<byte> name);

    /// <summary>Returns whether a number of this name is a running count, which the next event replaces.</summary>
    bool IsCount(ReadOnlySpan<byte> name) => false;
}
