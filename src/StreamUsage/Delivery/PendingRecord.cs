using System.Diagnostics;
using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Represents a record until it is reported, and every sink has it or never will.</summary>
internal abstract class PendingRecord
{
    private int _parts = 1; // The report.
    private int _isFailed, _isLeft;

    /// <summary>Gets or sets the activity that continues the request's trace, and ends with the record; null if
    /// none.</summary>
    public Activity? Activity { get; set; }

    /// <summary>Gets whether the record is on disk, so that a shutdown need not deliver it.</summary>
    public virtual bool IsStored => false;

    /// <summary>Begins the delivery to a sink.</summary>
    public void BeginPart() => Interlocked.Increment(ref _parts);

    /// <summary>Ends the report.</summary>
    public void EndReport() => EndPart(DeliveryResult.Delivered);

    /// <summary>Ends the delivery to a sink.</summary>
    public void EndPart(DeliveryResult result)
    {
        if (result == DeliveryResult.Failed)
        {
            Volatile.Write(ref _isFailed, 1);
        }
        else if (result == DeliveryResult.Stored)
        {
            Volatile.Write(ref _isLeft, 1);
        }

        if (Interlocked.Decrement(ref _parts) == 0)
        {
            UsageActivity.End(Activity);
            OnEnded(_isLeft != 0 ? DeliveryResult.Stored : _isFailed != 0 ? DeliveryResult.Failed : DeliveryResult.Delivered);
        }
    }

    /// <summary>Called once, with Stored if a sink shall get the record from the outbox later, else with Failed if a
    /// sink never will, else with Delivered.</summary>
    protected abstract void OnEnded(DeliveryResult result);
}
