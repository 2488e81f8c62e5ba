using StreamUsage.Accounting;
using StreamUsage.Buffers;
using StreamUsage.Capture;
using StreamUsage.Framing;
using StreamUsage.Parsing.Anthropic;

namespace StreamUsage.Recording.Building;

/// <summary>Maps the state of a response, open or ended, to a record.</summary>
internal static class RecordMapping
{
    private const int MaxNameLength = 1024;

    /// <summary>Returns the record. Leaves the buffers of the body in place.</summary>
    /// <param name="body">The response.</param>
    /// <param name="context">Its context.</param>
    /// <param name="counts">Its counts, reported or estimated.</param>
    /// <param name="verdict">How it ended.</param>
    /// <param name="reportedUsage">The provider's usage object; empty if unknown.</param>
    /// <param name="response">The captured content; null if none.</param>
    public static UsageRecord Create(TrackedBody body, UsageContext context, in RecordCounts counts, Verdict verdict,
        CompactText reportedUsage = default, CapturedResponse? response = null)
    {
        EventReader events = body.Events;
        ref readonly UsageAccumulator state = ref events.State;
        (TokenUsage billed, IReadOnlyList<UsageIteration> iterations) = Bill(events, counts.Usage);
        return new UsageRecord
        {
            Id = body.Id,
            Context = context,
            ApiFormat = events.Format,
            Protocol = events.Protocol,
            Usage = counts.Usage,
            BilledUsage = billed,
            BilledUnits = state.BilledUnits,
            Anomalies = counts.Anomalies | AnomaliesOf(events),
            Iterations = iterations,
            ServerToolUse = state.ServerToolUse,
            TokenDetails = state.TokenDetails,
            InputSource = counts.Input,
            OutputSource = counts.Output,
            ReportedUsage = reportedUsage,
            ReportedCost = state.ReportedCost,
            ResponseId = Shorten(state.ResponseId),
            ResponseModel = Shorten(state.Model),
            StopReason = Shorten(state.StopReason),
            StopSequence = Shorten(state.StopSequence),
            ServiceTier = Shorten(state.ServiceTier),
            Speed = Shorten(state.Speed),
            InferenceGeo = Shorten(state.InferenceGeo),
            Streamed = events.IsStreamed,
            Operation = events.Operation,
            Status = body.Failure is null ? verdict.Status : UsageStatus.Failed,
            Outcome = verdict.Outcome,
            StatusCode = body.Failure?.StatusCode ?? verdict.StatusCode,
            HttpStatusCode = body.HttpStatusCode,
            ErrorType = SecretMask.Message(state.Error?.Type ?? (IsShutDown(body) ? "shutdown" : TypeOf(body.Fault))),
            ErrorMessage = SecretMask.Message(
                body.Failure?.Message ?? state.Error?.Message
                ?? (IsShutDown(body) ? "The process was shut down while the body was being read." : MessageOf(body.Fault))),
            TraceId = body.TraceId,
            SpanId = body.SpanId,
            StartedAt = body.StartedAt,
            Duration = body.Times.Duration,
            TimeToFirstByte = body.Times.TimeToFirstByte,
            TimeToFirstToken = body.Times.TimeToFirstToken,
            TimeToLastByte = body.Times.TimeToLastByte,
            BytesReceived = body.BytesReceived,
            ReadCount = body.Times.ReadCount,
            EventCount = events.EventCount,
            SkippedEvents = events.SkippedEvents,
            OutputCharacters = events.OutputCharacters,
            Drained = body.IsDrainedToEnd,
            ResponseHeaders = body.ResponseHeaders,
            Response = response,
        };
    }

    /// <summary>Returns the billed tokens and the iterations of an answer. A custom parser's list of iterations may
    /// throw. The counts are plain numbers and cannot.</summary>
    public static (TokenUsage Billed, IReadOnlyList<UsageIteration> Iterations) Bill(EventReader events, TokenUsage usage)
    {
        try
        {
            return (events.State.Bill(usage), events.State.Iterations);
        }
        catch (Exception fault)
        {
            events.Fail(fault);
            return (usage, []);
        }
    }

    private static UsageAnomalies AnomaliesOf(EventReader events) =>
        (events.IgnoredCounts == 0 ? UsageAnomalies.None : UsageAnomalies.CountsIgnored)
        | (events.UnknownUsageFields.Count == 0 ? UsageAnomalies.None : UsageAnomalies.UnknownUsageFields)
        | (events.SkippedEvents == 0 ? UsageAnomalies.None : UsageAnomalies.SkippedEvents)
        | (IsRefusedUnbilled(events) ? UsageAnomalies.UncertainBill : UsageAnomalies.None);

    // Anthropic, "Refusals and fallback": a request that is refused before any output is not billed, despite its usage.
    private static bool IsRefusedUnbilled(EventReader events) =>
        events.Protocol == ClaudeParser.Name && events.State.StopReason == "refusal" && !events.HasOutput;

    /// <summary>Returns a name, cut at its limit. Only a custom parser's name is longer.</summary>
    public static string? Shorten(string? name) => name is null ? null : CappedText.Of(name, MaxNameLength);

    private static bool IsShutDown(TrackedBody body) =>
        body.End == StreamEnd.ShutDown && body.Verdict.Outcome == StreamOutcome.Interrupted;

    // A custom exception's message may throw.
    private static string? MessageOf(Exception? fault)
    {
        try
        {
            return fault?.Message;
        }
        catch (Exception)
        {
            return null;
        }
    }

    private static string? TypeOf(Exception? fault) => fault switch
    {
        null => null,
        HttpIOException http => http.HttpRequestError.ToString(),
        HttpRequestException { HttpRequestError: not HttpRequestError.Unknown } request => request.HttpRequestError.ToString(),
        _ => fault.GetType().Name,
    };
}
