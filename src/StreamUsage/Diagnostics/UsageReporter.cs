using Microsoft.Extensions.Logging;
using StreamUsage.Recording;

namespace StreamUsage.Diagnostics;

/// <summary>
/// Writes the log and feeds the meter, off the byte path. A logger that throws loses its own line; one that hangs is left behind after the time limit. Where nobody listens, nothing is done.
/// </summary>
internal sealed class UsageReporter(ILogger? logger, UsageMeter meter, Func<Action, ValueTask> guardLog)
{
    /// <summary>Completes when what was measured has reached its listeners. No record waits for it.</summary>
    public Task WhenMeasured() => meter.WhenTold();

    /// <summary>A response is being tracked.</summary>
    public void Opened() => meter.Opened();

    /// <summary>A response has ended, whatever becomes of its record.</summary>
    public void Ended(StreamOutcome outcome) => meter.Ended(outcome);

    public async ValueTask StartFailedAsync(Guid recordId, string sink, Exception fault)
    {
        await LogAsync(l => Log.SinkStartFailed(l, sink, recordId, fault.GetType().Name)).ConfigureAwait(false);
        AttemptFailed();
    }

    /// <summary>Whether anybody wants to know of a record that was made.</summary>
    public bool ReportsRecords => logger is not null || meter.CountsFaults || Prices is { IsMeasured: true };

    /// <summary>Gets the report of prices; null where nothing is priced.</summary>
    public PricingReport? Prices { get; init; }

    /// <summary>A record was handed over, and who waits for it has been told.</summary>
    public async ValueTask RecordedAsync(UsageRecord record, RecordNotes notes)
    {
        await LogAsync(l => Write(l, record, notes)).ConfigureAwait(false);
        Count(notes);
        if (Prices is { IsMeasured: true } prices)
        {
            await guardLog(() => Try(() => prices.Record(record))).ConfigureAwait(false);
        }
    }

    /// <summary>Whether anybody wants to know of records that a sink took.</summary>
    public bool ReportsDeliveries => meter.CountsDeliveries;

    public void Delivered(string sink, ReadOnlySpan<TimeSpan> took) => meter.Delivered(sink, took);

    /// <summary>One attempt has failed.</summary>
    public void AttemptFailed() => meter.Fault("sink");

    /// <summary>An attempt is another than the first.</summary>
    public void Retried(string sink, int records) => meter.Retried(sink, records);

    /// <summary>A sink did not get a record, and will not.</summary>
    public async ValueTask DroppedAsync(UsageRecord record, string sink, string reason, int attempts, Exception? fault)
    {
        await LogAsync(l => Log.RecordDropped(l, record, sink, reason, attempts, fault?.GetType().Name)).ConfigureAwait(false);
        meter.Dropped(sink, reason, 1);
    }

    /// <summary>A sink did not get these records, because a stop has no time for them: they are logged in one go, each with its figures, and then counted.</summary>
    public async ValueTask LeftAsync(IReadOnlyList<UsageRecord> records, string sink, string reason)
    {
        await LogAsync(l => ForEach(records, record => Log.RecordDropped(l, record, sink, reason, 0, null))).ConfigureAwait(false);
        meter.Dropped(sink, reason, records.Count);
    }

    public ValueTask CallbacksMissedAsync(string sink, int records) => LogAsync(l => Log.CallbacksMissed(l, sink, records));

    public ValueTask CallbackFailedAsync(Guid recordId, Exception fault) => LogAsync(l => Log.CallbackFailed(l, recordId, fault.GetType().Name));

    public ValueTask SinkDownAsync(string sink, Exception fault) => LogAsync(l => Log.SinkDown(l, sink, fault.GetType().Name));

    public ValueTask SinkBackAsync(string sink) => LogAsync(l => Log.SinkBack(l, sink));

    public ValueTask ShutDownAsync(int responses) => LogAsync(l => Log.ShutDown(l, responses));

    private void Count(RecordNotes notes)
    {
        if (notes.ParserFault is not null)
        {
            meter.Fault("parser");
        }

        if (notes.ContentFault is not null)
        {
            meter.Fault("encoding");
        }

        foreach (Exception _ in notes.EstimateFaults)
        {
            meter.Fault("estimate");
        }
    }

    private void Write(ILogger logger, UsageRecord record, RecordNotes notes)
    {
        Try(() => Log.ResponseRecorded(logger, record));
        if (record.SkippedEvents != 0 || notes.ParserFault is not null)
        {
            Try(() => Log.EventsSkipped(logger, record.SkippedEvents, record.Id, record.Protocol, notes.ParserFault?.GetType().Name));
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

        Try(() => Prices?.Write(logger, record));
        foreach (Exception fault in notes.EstimateFaults)
        {
            Try(() => Log.EstimateFailed(logger, record.Id, fault.GetType().Name));
        }
    }

    private ValueTask LogAsync(Action<ILogger> write) => logger is null ? ValueTask.CompletedTask : guardLog(() => Try(() => write(logger)));

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
            // A logger that throws is not ours to mend, and must not cost the rest of the report.
        }
    }
}
