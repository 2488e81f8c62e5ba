using StreamUsage.Estimation;

namespace StreamUsage.Recording.Journal;

/// <summary>Describes the record that an open response gets if its process ends.</summary>
internal static class OrphanRecord
{
    private const string ErrorType = "process_ended";

    /// <summary>Returns the record.</summary>
    /// <param name="body">The response, under its lock.</param>
    /// <param name="soFar">The facts so far.</param>
    /// <param name="duration">The time since the start.</param>
    public static UsageRecord Of(TrackedBody body, UsageRecord soFar, TimeSpan duration)
    {
        bool isRefused = body.HttpStatusCode >= 400;
        bool isInputEstimated = soFar.InputSource == TokenSource.None && body.RequestBodyLength > 0 && !isRefused;
        TokenUsage usage = isInputEstimated
            ? soFar.Usage with { InputTokens = CharacterTokenEstimator.Tokens(body.RequestBodyLength) } : soFar.Usage;
        return soFar with
        {
            Usage = usage,
            BilledUsage = body.Events.State.Bill(usage),
            InputSource = isInputEstimated ? TokenSource.Estimated : soFar.InputSource,
            ResponseId = body.Events.State.ResponseId,
            StopReason = body.Events.State.StopReason,
            Streamed = body.Events.IsStreamed,
            Operation = body.Events.Operation,
            Status = UsageStatus.Failed,
            Outcome = isRefused ? StreamOutcome.ProviderError : StreamOutcome.Interrupted,
            StatusCode = isRefused ? body.HttpStatusCode!.Value : 502,
            HttpStatusCode = body.HttpStatusCode,
            ErrorType = ErrorType,
            ErrorMessage = "The process ended while the body was being read.",
            TraceId = body.TraceId,
            SpanId = body.SpanId,
            Duration = duration,
            TimeToFirstByte = body.Times.TimeToFirstByte,
            TimeToFirstToken = body.Times.TimeToFirstToken,
            BytesReceived = body.BytesReceived,
            ReadCount = body.Times.ReadCount,
            EventCount = body.Events.EventCount,
            SkippedEvents = body.Events.SkippedEvents,
            OutputCharacters = body.Events.OutputCharacters,
        };
    }
}
