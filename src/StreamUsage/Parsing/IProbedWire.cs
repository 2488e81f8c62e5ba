namespace StreamUsage.Parsing;

/// <summary>A built-in wire: told apart by the root's properties, which are read once for all of them.</summary>
internal interface IProbedWire : IUsageParser
{
    /// <summary>As <see cref="IUsageParser.Match"/>.</summary>
    WireMatch Match(in RootProbe probe);
}
