using StreamUsage.Accounting;
using StreamUsage.Estimation;
using StreamUsage.Framing;
using StreamUsage.Pricing;

namespace StreamUsage.Recording.Building;

/// <summary>Counts and prices a response before its record exists.</summary>
internal static class RunningResponse
{
    /// <summary>Returns the counts so far. Unreported output is estimated.</summary>
    /// <param name="body">The response, under its lock.</param>
    /// <param name="context">Its context, read before the lock was taken.</param>
    public static RecordCounts Count(TrackedBody body, UsageContext context)
    {
        SettledUsage settled = body.Events.Settled;
        TokenSource input = settled.IsInputReported ? TokenSource.Reported : TokenSource.None;
        var counts = new RecordCounts(settled.Usage, input, TokenSource.Reported, settled.Anomalies);
        return settled.IsOutputReported ? counts : EstimateOutput(body, context, counts);
    }

    /// <summary>Returns the counts with the output estimated from its number of characters, as a tokenizer would take
    /// too long.</summary>
    /// <param name="body">The response, under its lock.</param>
    /// <param name="context">Its context, read before the lock was taken.</param>
    /// <param name="counts">The counts.</param>
    public static RecordCounts EstimateOutput(TrackedBody body, UsageContext context, in RecordCounts counts)
    {
        EventReader events = body.Events;
        long estimate = ModelTokenEstimator.EstimateRunning(
            events.Format, events.State.Model ?? context.Model, events.Protocol, events.UncountedCharacters);
        long tokens = events.Settled.CombineOutput(estimate);
        return counts with
        {
            Usage = counts.Usage with { OutputTokens = tokens },
            Output = tokens == 0 ? TokenSource.None : TokenSource.Estimated,
        };
    }

    /// <summary>Returns the cost so far; null if it is unknown, or the pricing fails.</summary>
    public static UsageCost? Price(UsageRecord soFar, IUsagePricing pricing)
    {
        try
        {
            return pricing.Price(soFar);
        }
        catch (Exception)
        {
            return null; // The record will report the fault.
        }
    }
}
