using StreamUsage.Estimation;
using StreamUsage.Recording.Building;

namespace StreamUsage.Recording.Journal;

/// <summary>Creates the record that an open response gets if its process ends.</summary>
internal static class OrphanRecord
{
    /// <summary>Returns the record. A complete answer, or an error of the provider, keeps its outcome. Unreported input
    /// is estimated from the length of the request alone, so the bill is uncertain.</summary>
    /// <param name="body">The response, under its lock.</param>
    /// <param name="context">Its context, read before the lock was taken.</param>
    public static UsageRecord Of(TrackedBody body, UsageContext context)
    {
        // As for a shutdown: with this end, the protocol and an empty body do not matter.
        Verdict verdict = OutcomeRules.Decide(body.HttpStatusCode, body.Events.State, body.Events.State.IsComplete,
            hasProtocol: body.Events.Protocol is not null, StreamEnd.ShutDown, isEmpty: false);
        RecordCounts counts = RecordCounts.Of(body, verdict.Outcome);
        if (counts.NeedsInput)
        {
            long tokens = CharacterTokenEstimator.Tokens(body.RequestBodyLength);
            counts = counts with
            {
                Usage = counts.Usage with { InputTokens = tokens },
                Input = TokenSource.Estimated,
                Anomalies = counts.Anomalies | UsageAnomalies.UncertainBill,
            };
        }

        counts = counts.NeedsOutput ? RunningResponse.EstimateOutput(body, context, counts) : counts;
        UsageRecord record = RecordMapping.Create(body, context, counts, verdict);
        bool isCut = verdict.Outcome == StreamOutcome.Interrupted;
        return record with
        {
            ErrorType = isCut ? "process_ended" : record.ErrorType,
            ErrorMessage = record.ErrorMessage ?? (isCut ? "The process ended while the body was being read." : null),
            Duration = body.Times.Elapsed(),
            TimeToLastByte = null,
        };
    }
}
