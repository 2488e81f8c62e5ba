using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing;

/// <summary>A built-in wire: told apart by the root's properties, which are read once for all of them.</summary>
internal interface IProbedProtocol : IUsageParser
{
    /// <summary>As <see cref="IUsageParser.Match"/>.</summary>
    ParserMatch Match(in RootProbe probe);
}
