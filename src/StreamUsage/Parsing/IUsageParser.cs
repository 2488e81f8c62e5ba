using StreamUsage.Accounting;

namespace StreamUsage.Parsing;

/// <summary>Parses the events of one protocol. Stateless and thread-safe. If it throws, only that event is
/// lost.</summary>
/// <remarks>It must not block and has no timeout: it runs inside the caller's read, under the body's lock. For the last
/// event of an abandoned response it runs on the finalizer's thread.</remarks>
public interface IUsageParser
{
    /// <summary>Gets the protocol's name: <see cref="UsageRecord.Protocol"/>.</summary>
    string Protocol { get; }

    /// <summary>Gets the default of <see cref="UsageRecord.Operation"/>: <c>"chat"</c> unless overridden.</summary>
    string Operation => UsageRecord.DefaultOperation;

    /// <summary>Returns whether an event is of this protocol. Called for a response's events until a match is
    /// certain.</summary>
    /// <param name="streamEvent">The event.</param>
    ParserMatch Match(StreamEvent streamEvent);

    /// <summary>Parses an event. Output in it is reported with <see cref="StreamEvent.ReportText"/> and its
    /// siblings.</summary>
    /// <param name="streamEvent">The event.</param>
    /// <param name="state">The state before the event.</param>
    /// <returns>The state after the event.</returns>
    UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state);
}
