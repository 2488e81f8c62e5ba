using StreamUsage.Delivery;
using StreamUsage.Delivery.Outbox;
using StreamUsage.Diagnostics;

namespace StreamUsage.Recording;

/// <summary>Represents the record of an ended response until every sink has it or never will.</summary>
/// <param name="body">The response.</param>
/// <param name="record">Its record.</param>
/// <param name="reporter">Logs and counts the record.</param>
/// <param name="group">The group of pending records that it is in.</param>
internal sealed class PendingResponse(TrackedBody body, UsageRecord record, UsageReporter reporter, PendingRecords.Group group)
    : PendingRecord
{
    private TrackedBody? _body = body; // Released by the report, since the record may wait for a long time.

    public IReadOnlyList<Exception> EstimateFaults { get; init; } = [];

    /// <summary>Gets or sets why the record could not be built or delivered; null if it was.</summary>
    public Exception? RecordFault { get; set; }

    /// <summary>Gets or sets the outbox that did not store the record, so that it is delivered directly; null if there
    /// is none.</summary>
    public OutboxDelivery? RefusedBy { get; set; }

    /// <summary>Completes the response's handle and reports the record, once. Never throws.</summary>
    public void Report(DeliveryResult result)
    {
        if (Interlocked.Exchange(ref _body, null) is not { } ended)
        {
            return;
        }

        ended.Complete(record, result);
        var notes = new RecordNotes
        {
            ParserFault = ended.Events.ParserFault,
            ContentFault = ended.ContentFault?.ToString(),
            IgnoredCounts = ended.Events.IgnoredCounts,
            UnknownUsageFields = ended.Events.UnknownUsageFields,
            EstimateFaults = EstimateFaults,
            RecordFault = RecordFault,
        };
        try
        {
            using (UsageActivity.Enter(Activity))
            {
                reporter.Recorded(ended.ToCall(record), notes);
            }
        }
        catch (Exception)
        {
            // A listener's fault must not cost a record.
        }
    }

    // Without background delivery, only now is the result known.
    protected override void OnEnded(DeliveryResult result)
    {
        Report(result);
        RefusedBy?.SettleDirect(record.Id, result);
        UsageActivity.End(Activity);
        group.RemoveOne();
    }
}
