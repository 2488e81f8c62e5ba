using StreamUsage.Accounting;

namespace StreamUsage.Parsing;

/// <summary>Parses the events of one protocol. An implementation must be stateless and thread-safe, since one instance
/// reads all responses of a tracker.</summary>
/// <remarks>
/// <para>If a parser throws, the event is skipped for the record: see <see cref="UsageRecord.SkippedEvents"/>. Output
/// that it reported before stays. The caller's bytes are not affected.</para>
/// <para>It must not block and has no timeout. It runs inside the caller's read. Meanwhile, calls to the same
/// response's <see cref="UsageTracking"/> wait. It reads the last event of an abandoned response on the finalizer's
/// thread.</para>
/// </remarks>
public interface IUsageParser
{
    /// <summary>Gets the protocol's name, for <see cref="UsageRecord.Protocol"/>.</summary>
    string Protocol { get; }

    /// <summary>Gets the operation for <see cref="UsageRecord.Operation"/> if the answer shows no other: <c>"chat"</c>
    /// unless overridden.</summary>
    string Operation => UsageRecord.DefaultOperation;

    /// <summary>Returns whether an event is of this protocol. Called for the events of a response until the match of
    /// some parser is certain.</summary>
    /// <param name="streamEvent">The event.</param>
    /// <returns>How certain the match is.</returns>
    ParserMatch Match(StreamEvent streamEvent);

    /// <summary>Parses an event, which may be an end marker such as <c>[DONE]</c>. Report the output in it with
    /// <see cref="StreamEvent.ReportText"/> and the other methods of <see cref="StreamEvent"/>.</summary>
    /// <param name="streamEvent">The event.</param>
    /// <param name="state">The state before the event; <c>default</c> before the first one.</param>
    /// <returns>The state after the event. Set <see cref="UsageAccumulator.IsTerminal"/> at the answer's end.</returns>
    UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state);
}
