namespace StreamUsage.Parsing;

/// <summary>Represents a parser of a protocol with events that are alike. An event that differs from an earlier one in
/// a few properties only is matched with a template, and its JSON is not parsed
/// (docs/internals/templates.md).</summary>
internal interface ITemplatedProtocol
{
    /// <summary>Returns whether a property of this name may differ between events that leave the state unchanged. This
    /// is a guess, which is checked for each template. An empty string never varies.</summary>
    bool MayVary(ReadOnlySpan<byte> name);

    /// <summary>Returns whether a number of this name is a running count, which the next event replaces.</summary>
    bool IsCount(ReadOnlySpan<byte> name) => false;
}
