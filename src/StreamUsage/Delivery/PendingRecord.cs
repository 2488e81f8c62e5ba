using System.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Represents a record until it is reported, and every sink has it or never will.</summary>
internal abstract class PendingRecord
{
    private int _parts = 1; // The report.
    private volatile bool _isFailed, _isLeft;

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
            _isFailed = true;
        }
        else if (result == DeliveryResult.Stored)
        {
            _isLeft = true;
        }

        if (Interlocked.Decrement(ref _parts) == 0)
        {
            OnEnded(_isLeft ? DeliveryResult.Stored : _isFailed ? DeliveryResult.Failed : DeliveryResult.Delivered);
        }
    }

    /// <summary>Called once, with Stored if a sink shall get the record from the outbox later, else with Failed if a
    /// sink never will, else with Delivered. Ends the activity.</summary>
    protected abstract void OnEnded(DeliveryResult result);
}
