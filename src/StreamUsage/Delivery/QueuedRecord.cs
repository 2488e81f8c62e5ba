using System.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Represents a record in delivery to one sink. Its task ends when the sink has it or never will.</summary>
/// <param name="queue">The queue of the sink.</param>
/// <param name="record">The record.</param>
/// <param name="activity">The activity that continues the request's trace; null if none.</param>
/// <param name="since">The timestamp when its delivery began.</param>
/// <param name="start">The start call of the response; null if none.</param>
/// <param name="abandoned">Cancelled when a shutdown drops the record.</param>
internal sealed class QueuedRecord(
    SinkQueue queue, UsageRecord record, Activity? activity, long since, Task? start, CancellationToken abandoned)
    : TaskCompletionSource<DeliveryResult>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public UsageRecord Record => record;

    public Activity? Activity => activity;

    public long Since => since;

    public Task? Start => start;

    public CancellationToken Abandoned => abandoned;

    /// <summary>Ends the record, which the sink has or never will.</summary>
    public void End(DeliveryResult result)
    {
        queue.Remove(this);
        TrySetResult(result);
    }

    /// <summary>Gets or sets the number of failed calls with this record.</summary>
    public int Attempts { get; set; }
}
