using System.Diagnostics;
using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Calls one sink, and settles the records that it accepted or rejected.</summary>
internal sealed class SinkCalls(
    IUsageSink sink, string name, SinkCaller caller, SinkHealth health, UndeliveredRecords undelivered, UsageReporter reporter,
        TimeProvider time)
{
    /// <summary>The result of a batch call to a sink without batches. Nothing was delivered.</summary>
    public static readonly Exception Declined = new NotSupportedException();

    private const int MaxStarts = 64;

    private readonly Func<UsageRecord, CancellationToken, ValueTask> _record = sink.RecordAsync;
    private readonly Func<IReadOnlyList<UsageRecord>, CancellationToken, ValueTask> _recordBatch = sink.RecordBatchAsync;
    private readonly SemaphoreSlim _starts = new(MaxStarts);
    private volatile bool _takesStarts = true, _takesBatches = true;

    public string Name => name;

    /// <summary>Gets whether the sink implements <see cref="IUsageSink.StartedAsync"/>, as far as known.</summary>
    public bool TakesStarts => _takesStarts;

    /// <summary>Gets whether the sink implements <see cref="IUsageSink.RecordBatchAsync"/>, as far as known.</summary>
    public bool TakesBatches => _takesBatches;

    /// <summary>Calls the sink with a response's start. Never throws.</summary>
    public async Task StartAsync(UsageStart start, ActivityContext request)
    {
        await _starts.WaitAsync().ConfigureAwait(false);
        Activity? activity = UsageActivity.Start(request);
        Exception? fault = await caller.CallAsync(sink.StartedAsync, start, activity).ConfigureAwait(false);
        UsageActivity.End(activity);
        _starts.Release();
        if (start.IsIgnored)
        {
            _takesStarts = false;
        }

        if (fault is not null)
        {
            health.Failed(fault);
            reporter.StartFailed(start.Id, name, fault);
        }
    }

    /// <summary>Calls the sink once, with one record or a batch. Never throws.</summary>
    /// <param name="records">The records.</param>
    /// <returns>The failure, if records are still to be delivered; else null.</returns>
    public async Task<Exception?> DeliverAsync(QueuedRecord[] records)
    {
        CancellationToken abandoned = records[0].Abandoned;
        if (abandoned.IsCancellationRequested)
        {
            return Leave(records, null);
        }

        if (records.Length > 1 && !_takesBatches)
        {
            return Declined;
        }

        foreach (QueuedRecord record in records)
        {
            record.Attempts++;
        }

        DeliveryBatch? batch = records.Length == 1 ? null : new DeliveryBatch(records);
        Activity? activity = batch is null ? null : UsageActivity.StartBatch(records.Select(static record => record.Activity));
        SinkCaller.RunningCall call = batch is null
            ? caller.Start(_record, records[0].Record, records[0].Activity, abandoned)
            : caller.Start(_recordBatch, batch, activity ?? records[0].Activity, abandoned);
        await call.Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Exception? fault = call.End();
        UsageActivity.End(activity);
        if (batch is { IsDeclined: true })
        {
            _takesBatches = false;
            return Declined;
        }

        switch (fault)
        {
            case null:
                health.Succeeded();
                Complete(records);
                return null;

            case RejectedRecordsException rejected:
                health.Succeeded();
                Complete(records, rejected);
                return null;

            default:
                health.Failed(fault);
                reporter.AttemptFailed();
                return abandoned.IsCancellationRequested ? Leave(records, fault) : fault;
        }
    }

    /// <summary>Reports records that the sink will not get. Does not wait for user code.</summary>
    public void GiveUp(QueuedRecord[] records, string reason, Exception? fault)
    {
        foreach (QueuedRecord record in records)
        {
            _ = GiveUpAsync(record, reason, fault);
        }
    }

    public Task GiveUpAsync(QueuedRecord record, string reason, Exception? fault = null) =>
        undelivered.TakeAsync(record, name, reason, fault);

    private Exception? Leave(QueuedRecord[] records, Exception? fault)
    {
        GiveUp(records, DropReason.Shutdown, fault);
        return null;
    }

    // Beside the switch, where its closures would be allocated for each call.
    private void Complete(QueuedRecord[] records, RejectedRecordsException rejected)
    {
        Complete(Array.FindAll(records, record => !rejected.RecordIds.Contains(record.Record.Id)));
        GiveUp(Array.FindAll(records, record => rejected.RecordIds.Contains(record.Record.Id)), DropReason.Failed, rejected);
    }

    private void Complete(QueuedRecord[] records)
    {
        if (records.Length != 0 && reporter.ReportsDeliveries)
        {
            reporter.Delivered(name, [.. records.Select(record => time.GetElapsedTime(record.Since))]);
        }

        foreach (QueuedRecord record in records)
        {
            record.End(DeliveryResult.Delivered);
        }
    }
}
