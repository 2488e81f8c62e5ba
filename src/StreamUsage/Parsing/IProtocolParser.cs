using StreamUsage.Accounting;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing;

/// <summary>Represents a built-in parser. It reports more than a custom one: blocks, ignored counts, unknown
/// fields.</summary>
internal interface IProtocolParser : IUsageParser
{
    /// <summary>Gets the fields of the protocol's usage object, for the documentation and its test; null if it has
    /// none.</summary>
    UsageNames? UsageNames => null;

    /// <summary>Parses an event.</summary>
    /// <param name="streamEvent">The event.</param>
    /// <param name="state">The state before the event.</param>
    /// <param name="output">Receives the output.</param>
    /// <returns>The state after the event.</returns>
    UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output);

    UsageAccumulator IUsageParser.Apply(StreamEvent streamEvent, UsageAccumulator state) => Apply(streamEvent, state, streamEvent.Output);
}
