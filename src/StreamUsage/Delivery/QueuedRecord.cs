using System.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>A record on its way to one sink. Its task ends when the sink has the record, or never will.</summary>
/// <param name="queue">The queue of the sink.</param>
/// <param name="record">The record.</param>
/// <param name="activity">The activity that continues the request's trace; null where there is none.</param>
/// <param name="since">The timestamp of its hand-over.</param>
/// <param name="start">The call that tells the sink of the response's start; null where there is none.</param>
/// <param name="abandoned">Cancelled when a shutdown gives the record up.</param>
internal sealed class QueuedRecord(SinkQueue queue, UsageRecord record, Activity? activity, long since, Task? start, CancellationToken abandoned)
    : TaskCompletionSource<DeliveryResult>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public UsageRecord Record => record;

    public Activity? Activity => activity;

    public long Since => since;

    public Task? Start => start;

    public CancellationToken Abandoned => abandoned;

    /// <summary>Ends the record: the sink has it, or never will.</summary>
    public void End(DeliveryResult result)
    {
        queue.Remove(this);
        TrySetResult(result);
    }

    /// <summary>Calls that failed with this record alone, or with a batch that holds it.</summary>
    public int Attempts { get; set; }
}
