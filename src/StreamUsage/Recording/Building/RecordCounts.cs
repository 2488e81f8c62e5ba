using StreamUsage.Accounting;
using StreamUsage.Framing;

namespace StreamUsage.Recording.Building;

/// <summary>Represents the counts of a record, and which of them must be estimated.</summary>
internal readonly record struct RecordCounts(
    TokenUsage Usage, TokenSource Input, TokenSource Output, UsageAnomalies Anomalies, bool NeedsInput = false, bool NeedsOutput = false)
{
    /// <summary>Returns the reported counts. Implausible zeros count as not reported.</summary>
    /// <param name="body">The response.</param>
    /// <param name="outcome">How it ended, or would end now.</param>
    public static RecordCounts Of(TrackedBody body, StreamOutcome outcome)
    {
        EventReader events = body.Events;
        SettledUsage settled = events.Settled;
        bool isWithoutUsage = !settled.IsInputReported && !settled.IsOutputReported;

        // Billed by the second or the image: there are no tokens.
        bool isBilledOtherwise = isWithoutUsage && events.State.BilledUnits.Count != 0;
        bool isUnreported = isWithoutUsage && !isBilledOtherwise && outcome == StreamOutcome.Completed;

        // A request that was refused, or an answer that holds nothing, costs nothing.
        bool isFree = isWithoutUsage && !events.HasOutput && (outcome is StreamOutcome.ProviderError or StreamOutcome.Completed);
        bool needsEstimate = !isFree && !isBilledOtherwise && MayHaveRun(body, outcome);
        return new RecordCounts(
            isFree ? default : settled.Usage, // Without usage, these are placeholders, which a refused request does not cost.
            settled.IsInputReported ? TokenSource.Reported : TokenSource.None,
            settled.IsOutputReported ? TokenSource.Reported : TokenSource.None,
            settled.Anomalies | (isUnreported ? UsageAnomalies.NoUsageReported : UsageAnomalies.None),
            NeedsInput: needsEstimate && !settled.IsInputReported && body.RequestBodyLength > 0,
            NeedsOutput: needsEstimate && !settled.IsOutputReported);
    }

    // Nothing shows that a model has read the request of an empty, unreadable or pending response.
    private static bool MayHaveRun(TrackedBody body, StreamOutcome outcome) => body.End != StreamEnd.NotSent
        && outcome is not (StreamOutcome.Empty or StreamOutcome.Unreadable or StreamOutcome.Pending);
}
