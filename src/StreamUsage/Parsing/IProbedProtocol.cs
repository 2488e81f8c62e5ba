using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing;

/// <summary>A built-in wire: told apart by the root's properties, which are read once for all of them.</summary>
internal interface IProbedProtocol : IUsageParser
{
    /// <summary>What is asked with it, where the answer does not say: see <see cref="UsageRecord.Operation"/>.</summary>
    string Operation => "chat";

    /// <summary>As <see cref="IUsageParser.Match"/>.</summary>
    ParserMatch Match(in RootProbe probe);
}
