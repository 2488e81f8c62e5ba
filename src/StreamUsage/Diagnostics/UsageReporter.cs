using Microsoft.Extensions.Logging;

namespace StreamUsage.Diagnostics;

/// <summary>
/// Writes the log and feeds the meter, off the byte path. A logger or a listener that throws loses its own line; one that hangs is left behind after the time limit. Where nobody listens, nothing is done.
/// </summary>
internal sealed class UsageReporter(ILogger? logger, UsageMeter meter, Func<Action, ValueTask> guardLog, Func<Action, ValueTask> guardMeter)
{
    /// <summary>A response is being tracked. Nobody waits for it.</summary>
    public void Opened()
    {
        if (meter.CountsOpen)
        {
            _ = MeasureAsync(meter.Opened).AsTask();
        }
    }

    public async ValueTask StartFailedAsync(Guid recordId, string sink, Exception fault)
    {
        await LogAsync(l => Log.SinkStartFailed(l, sink, recordId, fault.GetType().Name)).ConfigureAwait(false);
        await AttemptFailedAsync().ConfigureAwait(false);
    }

    /// <summary>Whether anybody wants to know of a record that was made.</summary>
    public bool ReportsRecords => logger is not null || meter.CountsRecords;

    /// <summary>The log comes first, and each has its own limit: a listener that hangs does not cost the line.</summary>
    public async ValueTask RecordedAsync(UsageRecord record, RecordNotes notes)
    {
        await LogAsync(l => Write(l, record, notes)).ConfigureAwait(false);
        if (meter.CountsRecords)
        {
            await MeasureAsync(() => Count(record, notes)).ConfigureAwait(false);
        }
    }

    /// <summary>Whether anybody wants to know of records that a sink took.</summary>
    public bool ReportsDeliveries => meter.CountsDeliveries;

    public ValueTask DeliveredAsync(string sink, IReadOnlyList<TimeSpan> took) => MeasureAsync(() =>
    {
        Try(() => meter.Delivered(sink, took.Count));
        foreach (TimeSpan time in took)
        {
            Try(() => meter.DeliveryTook(sink, time));
        }
    });

    /// <summary>One attempt has failed.</summary>
    public ValueTask AttemptFailedAsync() => meter.CountsAttempts ? MeasureAsync(() => meter.Fault("sink")) : ValueTask.CompletedTask;

    /// <summary>An attempt is another than the first.</summary>
    public ValueTask RetriedAsync(string sink, int records) => meter.CountsAttempts ? MeasureAsync(() => meter.Retried(sink, records)) : ValueTask.CompletedTask;

    /// <summary>A sink did not get a record, and will not.</summary>
    public async ValueTask DroppedAsync(UsageRecord record, string sink, string reason, int attempts, Exception? fault)
    {
        await LogAsync(l => Log.RecordDropped(l, record, sink, reason, attempts, fault?.GetType().Name)).ConfigureAwait(false);
        if (meter.CountsDropped)
        {
            await MeasureAsync(() => meter.Dropped(sink, reason)).ConfigureAwait(false);
        }
    }

    /// <summary>A sink did not get these records, because a stop has no time for them: they are logged in one go, each with its figures, and then counted.</summary>
    public async ValueTask LeftAsync(IReadOnlyList<UsageRecord> records, string sink, string reason)
    {
        await LogAsync(l => ForEach(records, record => Log.RecordDropped(l, record, sink, reason, 0, null))).ConfigureAwait(false);
        if (meter.CountsDropped)
        {
            await MeasureAsync(() => ForEach(records, _ => meter.Dropped(sink, reason))).ConfigureAwait(false);
        }
    }

    public ValueTask CallbacksMissedAsync(string sink, int records) => LogAsync(l => Log.CallbacksMissed(l, sink, records));

    public ValueTask CallbackFailedAsync(Guid recordId, Exception fault) => LogAsync(l => Log.CallbackFailed(l, recordId, fault.GetType().Name));

    public ValueTask SinkDownAsync(string sink, Exception fault) => LogAsync(l => Log.SinkDown(l, sink, fault.GetType().Name));

    public ValueTask SinkBackAsync(string sink) => LogAsync(l => Log.SinkBack(l, sink));

    public ValueTask ShutDownAsync(int responses) => LogAsync(l => Log.ShutDown(l, responses));

    private void Count(UsageRecord record, RecordNotes notes)
    {
        Try(meter.Closed);
        Try(() => meter.Recorded(record.Outcome));
        if (notes.ParserFault is not null)
        {
            Try(() => meter.Fault("parser"));
        }

        if (notes.ContentFault is not null)
        {
            Try(() => meter.Fault("encoding"));
        }

        foreach (Exception _ in notes.EstimateFaults)
        {
            Try(() => meter.Fault("estimate"));
        }
    }

    private static void Write(ILogger logger, UsageRecord record, RecordNotes notes)
    {
        Try(() => Log.ResponseRecorded(logger, record));
        if (record.SkippedEvents != 0 || notes.ParserFault is not null)
        {
            Try(() => Log.EventsSkipped(logger, record.SkippedEvents, record.Id, record.Wire, notes.ParserFault?.GetType().Name));
        }

        if (notes.ContentFault is { } contentFault)
        {
            Try(() => Log.ContentNotDecoded(logger, record.Id, contentFault));
        }

        if (notes.IgnoredCounts != 0)
        {
            Try(() => Log.CountsIgnored(logger, notes.IgnoredCounts, record.Id));
        }

        if (record.Context.ApiFormat != ApiFormat.Auto && record.ApiFormat != record.Context.ApiFormat)
        {
            Try(() => Log.FormatCorrected(logger, record.Id, record.Context.ApiFormat, record.ApiFormat));
        }

        foreach (Exception fault in notes.EstimateFaults)
        {
            Try(() => Log.EstimateFailed(logger, record.Id, fault.GetType().Name));
        }
    }

    private ValueTask LogAsync(Action<ILogger> write) => logger is null ? ValueTask.CompletedTask : guardLog(() => Try(() => write(logger)));

    private ValueTask MeasureAsync(Action measure) => guardMeter(() => Try(measure));

    private static void ForEach(IReadOnlyList<UsageRecord> records, Action<UsageRecord> report)
    {
        foreach (UsageRecord record in records)
        {
            Try(() => report(record));
        }
    }

    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception)
        {
            // A listener or a logger that throws is not ours to mend, and must not cost the rest of the report.
        }
    }
}
