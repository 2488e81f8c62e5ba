using Microsoft.Extensions.Logging;

namespace StreamUsage.Diagnostics;

/// <summary>Writes the log and feeds the meter. Faults of loggers and listeners end here.</summary>
internal sealed class UsageReporter(ILogger? logger, UsageMeter meter)
{
    private readonly UnknownFieldNames _unknownFields = new();

    /// <summary>Gets whether a listener counts delivered records.</summary>
    public bool ReportsDeliveries => meter.CountsDeliveries;

    /// <summary>Gets the report of prices; null without a pricing.</summary>
    public PricingReport? Prices { get; init; }

    public void Opened() => meter.Opened();

    public void Closed() => meter.Closed();

    /// <summary>Reports a record that was delivered, queued or stored.</summary>
    public void Recorded(UsageRecord record, in RecordNotes notes)
    {
        meter.Recorded(record.Outcome);
        Count("parser", notes.ParserFault is null ? 0 : 1);
        Count("encoding", notes.ContentFault is null ? 0 : 1);
        Count("estimate", notes.EstimateFaults.Count);
        Count("record", notes.RecordFault is null ? 0 : 1);
        Prices?.Record(record);
        meter.Anomalies(record.Anomalies);
        List<(string Name, bool IsNew)>? unknownFields = null;
        foreach (string field in notes.UnknownUsageFields)
        {
            string name = _unknownFields.Get(field, out bool isNew);
            (unknownFields ??= []).Add((name, isNew));
            meter.UnknownUsageField(name);
        }

        if (logger is not null)
        {
            Write(logger, record, notes, unknownFields);
        }
    }

    public void StartFailed(Guid recordId, string sink, Exception fault)
    {
        LogTo(l => Log.SinkStartFailed(l, sink, recordId, fault));
        AttemptFailed();
    }

    public void Delivered(string sink, IReadOnlyList<TimeSpan> took)
    {
        foreach (TimeSpan time in took)
        {
            meter.Delivered(sink, time);
        }
    }

    public void AttemptFailed() => Count("sink", 1);

    public void Retried(string sink, int records) => meter.Retried(sink, records);

    /// <summary>Reports a record that a sink will not get.</summary>
    public void Dropped(UsageRecord record, string sink, string reason, int attempts, Exception? fault)
    {
        LogTo(l => Log.RecordDropped(l, record, sink, reason, attempts, fault));
        meter.Dropped(sink, reason);
    }

    public void CallbacksMissed(int records) => LogTo(l => Log.CallbacksMissed(l, records));

    public void CallbackFailed(Guid recordId, Exception fault) => LogTo(l => Log.CallbackFailed(l, recordId, fault));

    public void SinkFailed(string sink, Exception fault) => LogTo(l => Log.SinkFailed(l, sink, fault));

    public void SinkBack(string sink) => LogTo(l => Log.SinkBack(l, sink));

    public void PendingAnswersFailed(Exception fault)
    {
        LogTo(l => Log.PendingAnswersFailed(l, fault));
        Count("pending_answers", 1);
    }

    public void ShutDown(int responses) => LogTo(l => Log.ShutDown(l, responses));

    private void Count(string faultKind, int faults)
    {
        if (faults != 0)
        {
            meter.Fault(faultKind, faults);
        }
    }

    private void Write(ILogger log, UsageRecord record, RecordNotes notes, List<(string Name, bool IsNew)>? unknownFields)
    {
        Guard(() => Log.ResponseRecorded(log, record));
        if (notes.RecordFault is { } recordFault)
        {
            Guard(() => Log.RecordFailed(log, record.Id, recordFault));
        }

        if (record.SkippedEvents != 0 || notes.ParserFault is not null)
        {
            Guard(() => Log.EventsSkipped(
                log, record.SkippedEvents, record.Id, LogText.Escape(record.Protocol), notes.ParserFault?.GetType().Name));
        }

        if (notes.ContentFault is { } contentFault)
        {
            Guard(() => Log.ContentNotDecoded(log, record.Id, contentFault));
        }

        if (notes.IgnoredCounts != 0)
        {
            Guard(() => Log.CountsIgnored(log, notes.IgnoredCounts, record.Id));
        }

        foreach ((string name, bool isNew) in unknownFields ?? [])
        {
            if (isNew)
            {
                Guard(() => Log.UnknownUsageField(
                    log, name, LogText.Escape(record.Protocol), LogText.Escape(record.ResponseModel), record.Id));
            }
        }

        if (record.Context.ApiFormat != ApiFormat.Auto && record.ApiFormat != record.Context.ApiFormat)
        {
            Guard(() => Log.FormatCorrected(
                log, record.Id, LogText.Escape(record.Context.ApiFormat.Name), LogText.Escape(record.ApiFormat.Name)));
        }

        Guard(() => Prices?.Write(log, record));
        foreach (Exception fault in notes.EstimateFaults)
        {
            Guard(() => Log.EstimateFailed(log, record.Id, fault));
        }
    }

    private void LogTo(Action<ILogger> write)
    {
        if (logger is not null)
        {
            Guard(() => write(logger));
        }
    }

    private static void Guard(Action report)
    {
        try
        {
            report();
        }
        catch (Exception)
        {
            // There is nobody left to report to.
        }
    }
}
