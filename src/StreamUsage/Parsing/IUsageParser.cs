using StreamUsage.Accounting;

namespace StreamUsage.Parsing;

/// <summary>
/// Reads one wire format. Stateless and thread-safe: one instance reads all streams of a tracker. It sees one event at a time, on the byte path,
/// and no stream, clock or sink. A parser that throws loses that event and nothing else.
/// </summary>
/// <remarks>
/// It must not block: it runs on the reader's own thread, within its read and under the lock of the body, which <see cref="UsageTracking.Current"/> waits for; and, for the last event of a response that was abandoned, on the
/// finalizer's thread, where one that hangs stops every finalizer of the process. There is no time limit for it.
/// </remarks>
public interface IUsageParser
{
    /// <summary>The wire's name, kept in <see cref="UsageRecord.Protocol"/>.</summary>
    string Protocol { get; }

    /// <summary>Gets what its answers are answers to, kept in <see cref="UsageRecord.Operation"/> unless the state says another: <c>"chat"</c> by default.</summary>
    string Operation => UsageRecord.DefaultOperation;

    /// <summary>Whether an event is of this wire. Asked of the first events of a response until one is certain.</summary>
    /// <param name="streamEvent">The event.</param>
    ParserMatch Match(StreamEvent streamEvent);

    /// <summary>Reads an event.</summary>
    /// <param name="streamEvent">The event. Output in it is reported to it: <see cref="StreamEvent.ReportText"/> and the like.</param>
    /// <param name="state">The state before it.</param>
    /// <returns>The state after it: the same where the event says nothing of usage.</returns>
    UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state);
}
