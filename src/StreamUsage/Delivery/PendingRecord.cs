using System.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Tracks a record until it is reported and its delivery to each sink has ended.</summary>
internal abstract class PendingRecord
{
    private int _openParts = 1; // The creator's, until it has begun the others.
    private volatile bool _isFailed, _staysStored;

    /// <summary>Gets or sets the activity that continues the trace of the request; null if none.</summary>
    public Activity? Activity { get; set; }

    /// <summary>Gets whether the record is on disk, so that a shutdown need not deliver it.</summary>
    public virtual bool IsStored => false;

    /// <summary>Begins the delivery to a sink.</summary>
    public void BeginPart() => Interlocked.Increment(ref _openParts);

    /// <summary>Ends the creator's part.</summary>
    public void EndReport() => EndPart();

    /// <summary>Ends the delivery to a sink.</summary>
    public void EndPart(DeliveryResult result)
    {
        if (result == DeliveryResult.Failed)
        {
            _isFailed = true;
        }
        else if (result == DeliveryResult.Stored)
        {
            _staysStored = true;
        }

        EndPart();
    }

    /// <summary>Called once, at the end. Implementations end <see cref="Activity"/>.</summary>
    /// <param name="result">Stored if a sink gets the record from the outbox later; otherwise Failed if a sink never
    /// gets it; otherwise Delivered.</param>
    protected abstract void OnEnded(DeliveryResult result);

    private void EndPart()
    {
        if (Interlocked.Decrement(ref _openParts) == 0)
        {
            OnEnded(_staysStored ? DeliveryResult.Stored : _isFailed ? DeliveryResult.Failed : DeliveryResult.Delivered);
        }
    }
}
