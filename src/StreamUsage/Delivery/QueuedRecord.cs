using System.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>A record on its way to one sink. Its task ends when the sink has the record, or never will.</summary>
/// <param name="record">The record.</param>
/// <param name="activity">The activity that continues the request's trace; null where there is none.</param>
/// <param name="since">The timestamp of its hand-over.</param>
internal sealed class QueuedRecord(UsageRecord record, Activity? activity, long since)
    : TaskCompletionSource<DeliveryResult>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public UsageRecord Record => record;

    public Activity? Activity => activity;

    public long Since => since;

    /// <summary>Calls that failed with this record alone, or with a batch that holds it.</summary>
    public int Attempts { get; set; }
}
