using StreamUsage.Accounting;

namespace StreamUsage.Parsing;

/// <summary>A built-in parser, which reports more than output: blocks, the usage object, counts and fields that were ignored.</summary>
internal interface IProtocolParser : IUsageParser
{
    /// <summary>Reads an event.</summary>
    /// <param name="streamEvent">The event.</param>
    /// <param name="state">The state before it.</param>
    /// <param name="output">Observes output as it passes.</param>
    /// <returns>The state after it.</returns>
    UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output);

    UsageAccumulator IUsageParser.Apply(StreamEvent streamEvent, UsageAccumulator state) => Apply(streamEvent, state, streamEvent.Output);
}
