using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing;

/// <summary>Represents a built-in parser that recognizes its protocol in one shared scan of an event's top-level
/// members.</summary>
internal interface IProbedProtocol : IProtocolParser
{
    /// <summary>Returns whether an event is of this protocol.</summary>
    /// <param name="probe">The event's top-level members.</param>
    ParserMatch Match(in RootProbe probe);

    ParserMatch IUsageParser.Match(StreamEvent streamEvent) => Match(RootProbe.Read(streamEvent));
}
