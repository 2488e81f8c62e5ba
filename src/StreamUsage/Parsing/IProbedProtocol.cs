using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing;

/// <summary>Represents a built-in protocol, recognised by the root's members, which are read once for all
/// protocols.</summary>
internal interface IProbedProtocol : IProtocolParser
{
    /// <summary>Gets the fields of the protocol's usage object; null if it has none.</summary>
    UsageNames? UsageNames => null;

    /// <inheritdoc cref="IUsageParser.Match"/>
    ParserMatch Match(in RootProbe probe);
}
