using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing;

/// <summary>A built-in wire: told apart by the root's properties, which are read once for all of them.</summary>
internal interface IProbedProtocol : IProtocolParser
{
    /// <summary>The fields of its usage object that are read; null where it has none.</summary>
    UsageNames? UsageNames => null;

    /// <summary>As <see cref="IUsageParser.Match"/>.</summary>
    ParserMatch Match(in RootProbe probe);
}
