using StreamUsage.Accounting;
using StreamUsage.Framing;
using StreamUsage.Pricing;

namespace StreamUsage.Recording;

/// <summary>Prices a response while it is being read.</summary>
internal static class RunningCost
{
    /// <summary>Returns a record of the facts so far that its price depends on.</summary>
    /// <param name="body">The response, under its lock.</param>
    /// <param name="context">Its context, read before the lock was taken.</param>
    /// <param name="snapshot">Its state so far.</param>
    public static UsageRecord Describe(TrackedBody body, UsageContext context, UsageSnapshot snapshot)
    {
        EventReader events = body.Events;
        ref readonly UsageAccumulator state = ref events.State;
        return new UsageRecord
        {
            Id = body.Id,
            Context = context,
            ApiFormat = events.Format,
            Protocol = events.Protocol,
            Usage = snapshot.Usage,
            BilledUsage = snapshot.Usage,
            BilledUnits = state.BilledUnits,
            Iterations = state.Iterations,
            ServerToolUse = state.ServerToolUse,
            TokenDetails = state.TokenDetails,
            InputSource = snapshot.InputSource,
            OutputSource = snapshot.OutputSource,
            ResponseModel = state.Model,
            ServiceTier = state.ServiceTier,
            Speed = state.Speed,
            InferenceGeo = state.InferenceGeo,
            StartedAt = body.StartedAt,
            ResponseHeaders = body.ResponseHeaders,
        };
    }

    /// <summary>Returns the cost so far; null if it is unknown, or the pricing fails.</summary>
    public static UsageCost? Of(UsageRecord soFar, IUsagePricing pricing)
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
