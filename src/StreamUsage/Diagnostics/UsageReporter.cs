using Microsoft.Extensions.Logging;

namespace StreamUsage.Diagnostics;

/// <summary>Writes the log and feeds the meter, off the byte path. A logger or a listener that throws loses its own line; one that hangs is left behind after the time limit.</summary>
internal sealed class UsageReporter(ILogger? logger, UsageMeter meter, Func<Task, Task> withinLimit)
{
    public Task OpenedAsync() => meter.CountsOpen ? RunAsync(() => Try(meter.Opened)) : Task.CompletedTask;

    public Task StartFailedAsync(Guid recordId, Exception fault) => RunAsync(() =>
    {
        Try(() => meter.Fault("sink"));
        if (logger is not null)
        {
            Try(() => Log.SinkStartFailed(logger, recordId, fault.GetType().Name));
        }
    });

    /// <summary>The log comes first, and each has its own limit: a listener that hangs does not cost the line.</summary>
    public async Task RecordedAsync(UsageRecord record, RecordNotes notes)
    {
        if (logger is not null)
        {
            await RunAsync(() => Write(logger, record, notes)).ConfigureAwait(false);
        }

        await RunAsync(() => Count(record, notes)).ConfigureAwait(false);
    }

    private void Count(UsageRecord record, RecordNotes notes)
    {
        Try(() => meter.Closed());
        Try(() => meter.Recorded(record.Outcome));
        if (notes.SinkFault is not null)
        {
            Try(() => meter.Fault("sink"));
        }

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
        if (notes.SinkFault is { } sinkFault)
        {
            Try(() => Log.SinkFailed(logger, record.Id, record.Context.RequestId, sinkFault.GetType().Name));
        }

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

    private async Task RunAsync(Action report)
    {
        try
        {
            await withinLimit(Task.Run(report)).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // There is nowhere left to say it.
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
