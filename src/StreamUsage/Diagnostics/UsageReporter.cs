using Microsoft.Extensions.Logging;

namespace StreamUsage.Diagnostics;

/// <summary>Writes the log and feeds the meters. Faults of loggers and listeners end here, as they must not cost a
/// record.</summary>
internal sealed class UsageReporter(ILogger? logger, UsageMeter meter)
{
    private readonly BoundedNames _unknownFields = new(maxNames: 256);

    /// <summary>Gets whether a listener counts delivered records.</summary>
    public bool ReportsDeliveries => meter.CountsDeliveries;

    /// <summary>Gets the metrics of OpenTelemetry's conventions; null for none.</summary>
    public GenAIMetrics? Conventions { get; init; }

    /// <summary>Gets the tags of a context that are attributes of metrics.</summary>
    public MetricTags Tags { get; init; } = new([]);

    /// <summary>Gets the report of prices; null without a pricing.</summary>
    public PricingReport? Prices { get; init; }

    public void Opened() => meter.Opened();

    public void Closed() => meter.Closed();

    /// <summary>Reports the record of a response that has ended, also if its delivery failed.</summary>
    public void Recorded(in GenAICall call, in RecordNotes notes)
    {
        (string Name, bool IsNew)[] unknownFields = notes.UnknownUsageFields.Count == 0 ? [] : [.. notes.UnknownUsageFields.Select(Limit)];
        try
        {
            Measure(call, notes, unknownFields);
        }
        catch (Exception)
        {
            // A listener's fault, or a fault of the caller's tags.
        }

        try
        {
            Write(call.Record, notes, unknownFields);
        }
        catch (Exception)
        {
            // A logger's fault.
        }
    }

    public void StartFailed(Guid recordId, string sink, Exception fault)
    {
        LogTo(l => Log.SinkStartFailed(l, sink, recordId, fault));
        AttemptFailed();
    }

    public void Delivered(string sink, IReadOnlyList<TimeSpan> took) => Guard(() =>
    {
        foreach (TimeSpan time in took)
        {
            meter.Delivered(sink, time);
        }
    });

    public void AttemptFailed() => Guard(() => meter.Fault("sink"));

    public void Retried(string sink, int records) => Guard(() => meter.Retried(sink, records));

    /// <summary>Reports a record that a sink does not get.</summary>
    public void Dropped(UsageRecord record, string sink, string reason, int attempts, Exception? fault)
    {
        LogTo(l => Log.RecordDropped(l, record, sink, reason, attempts, fault));
        Guard(() => meter.Dropped(sink, reason));
    }

    public void CallbacksMissed(int records) => LogTo(l => Log.CallbacksMissed(l, records));

    public void CallbackFailed(Guid recordId, Exception fault) => LogTo(l => Log.CallbackFailed(l, recordId, fault));

    public void SinkFailed(string sink, Exception fault) => LogTo(l => Log.SinkFailed(l, sink, fault));

    public void SinkBack(string sink) => LogTo(l => Log.SinkBack(l, sink));

    public void PendingAnswersFailed(Exception fault)
    {
        LogTo(l => Log.PendingAnswersFailed(l, fault));
        Guard(() => meter.Fault("pending_answers"));
    }

    public void ShutDown(int responses) => LogTo(l => Log.ShutDown(l, responses));

    private void Measure(in GenAICall call, in RecordNotes notes, (string Name, bool IsNew)[] unknownFields)
    {
        meter.Recorded(call.Record.Outcome);
        meter.Anomalies(call.Record.Anomalies);
        meter.Fault("parser", notes.ParserFault is null ? 0 : 1);
        meter.Fault("encoding", notes.ContentFault is null ? 0 : 1);
        meter.Fault("estimate", notes.EstimateFaults.Count);
        meter.Fault("record", notes.RecordFault is null ? 0 : 1);
        foreach ((string name, _) in unknownFields)
        {
            meter.UnknownUsageField(name);
        }

        Conventions?.Record(call, Tags);
        meter.Tokens(call, Tags);
        Prices?.Record(call, Tags);
    }

    private void Write(UsageRecord record, in RecordNotes notes, (string Name, bool IsNew)[] unknownFields)
    {
        if (logger is null)
        {
            return;
        }

        Log.ResponseRecorded(logger, record);
        if (notes.RecordFault is { } recordFault)
        {
            Log.RecordFailed(logger, record.Id, recordFault);
        }

        if (record.SkippedEvents != 0 || notes.ParserFault is not null)
        {
            Log.EventsSkipped(
                logger, record.SkippedEvents, record.Id, LogText.Escape(record.Protocol), notes.ParserFault?.GetType().Name);
        }

        if (notes.ContentFault is { } contentFault)
        {
            Log.ContentNotDecoded(logger, record.Id, contentFault);
        }

        if (notes.IgnoredCounts != 0)
        {
            Log.CountsIgnored(logger, notes.IgnoredCounts, record.Id);
        }

        foreach ((string name, bool isNew) in unknownFields)
        {
            if (isNew)
            {
                Log.UnknownUsageField(logger, name, LogText.Escape(record.Protocol), LogText.Escape(record.ResponseModel), record.Id);
            }
        }

        if (record.Context.ApiFormat != ApiFormat.Auto && record.ApiFormat != record.Context.ApiFormat)
        {
            Log.FormatCorrected(
                logger, record.Id, LogText.Escape(record.Context.ApiFormat.Name), LogText.Escape(record.ApiFormat.Name));
        }

        Prices?.Write(logger, record);
        foreach (Exception fault in notes.EstimateFaults)
        {
            Log.EstimateFailed(logger, record.Id, fault);
        }
    }

    private (string Name, bool IsNew) Limit(string field) => (_unknownFields.Get(field, out bool isNew), isNew);

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
