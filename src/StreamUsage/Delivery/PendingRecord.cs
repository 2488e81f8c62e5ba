using System.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Represents a record from the end of its response until it is reported, and every sink has it or never
/// will.</summary>
internal sealed class PendingRecord(PendingRecords records, PendingRecords.Group group)
{
    private int _parts = 1; // The report.

    /// <summary>Gets or sets the activity that continues the request's trace, and ends with the record; null if
    /// none.</summary>
    public Activity? Activity { get; set; }

    /// <summary>Begins the delivery to a sink.</summary>
    public void BeginPart() => Interlocked.Increment(ref _parts);

    /// <summary>Ends the delivery to a sink, or the report.</summary>
    public void EndPart()
    {
        if (Interlocked.Decrement(ref _parts) == 0)
        {
            Activity?.Dispose();
            records.Remove(group);
        }
    }
}
