using System.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Represents a record in delivery to one sink. It ends when the sink has it, or never will.</summary>
/// <param name="record">The record.</param>
/// <param name="pending">The pending record, of which this is a part.</param>
/// <param name="since">The timestamp when its delivery began.</param>
/// <param name="start">The start call of the response; null if none.</param>
/// <param name="abandoned">Cancelled when a shutdown drops the record.</param>
internal sealed class QueuedRecord(
    UsageRecord record, PendingRecord pending, long since, Task? start, CancellationToken abandoned)
{
    private const int NoResult = -1;

    private int _result = NoResult;

    public UsageRecord Record => record;

    public Activity? Activity => pending.Activity;

    /// <summary>Gets whether the record is on disk, so that a shutdown need not deliver it.</summary>
    public bool IsStored => pending.IsStored;

    public long Since => since;

    public Task? Start => start;

    public CancellationToken Abandoned => abandoned;

    /// <summary>Gets or sets the number of calls that were made with this record.</summary>
    public int Attempts { get; set; }

    public bool IsEnded => Volatile.Read(ref _result) != NoResult;

    /// <summary>Ends the record. Only the first call has an effect.</summary>
    public void End(DeliveryResult result)
    {
        if (Interlocked.CompareExchange(ref _result, (int)result, NoResult) == NoResult)
        {
            pending.EndPart(result);
        }
    }
}
