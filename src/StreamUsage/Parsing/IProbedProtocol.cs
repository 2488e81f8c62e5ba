using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing;

/// <summary>Represents a built-in protocol that is recognised from one shared scan of an event's top-level
/// members.</summary>
internal interface IProbedProtocol : IProtocolParser
{
    /// <summary>Returns whether an event is of this protocol.</summary>
    /// <param name="probe">The event's top-level members.</param>
    ParserMatch Match(in RootProbe probe);

    ParserMatch IUsageParser.Match(StreamEvent streamEvent) => Match(RootProbe.Read(streamEvent));
}
