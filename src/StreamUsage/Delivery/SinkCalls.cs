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

    // The result of a call that a shutdown left out.
    private static readonly Exception Left = new OperationCanceledException();

    private readonly Func<object, CancellationToken, ValueTask> _start = (start, token) => sink.StartedAsync((UsageStart)start, token);
    private readonly Func<object, CancellationToken, ValueTask> _record = (record, token) => sink.RecordAsync((UsageRecord)record, token);
    private readonly Func<object, CancellationToken, ValueTask> _recordBatch =
        (records, token) => sink.RecordBatchAsync((DeliveryBatch)records, token);
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
        Exception? fault = await caller.CallAsync(_start, start, activity).ConfigureAwait(false);
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
    public async Task<Exception?> DeliverAsync(QueuedRecord[] records) =>
        Settle(records, await CallAsync(records, out DeliveryBatch? batch, out Activity? activity).ConfigureAwait(false), batch, activity);

    /// <summary>Begins <see cref="DeliverAsync"/>, for a caller that has a state machine of its own. To be awaited
    /// once; the result goes to <see cref="Settle"/>.</summary>
    public ValueTask<Exception?> CallAsync(QueuedRecord[] records, out DeliveryBatch? batch, out Activity? activity)
    {
        (batch, activity) = (null, null);
        CancellationToken abandoned = records[0].Abandoned;
        if (abandoned.IsCancellationRequested)
        {
            return new(Left);
        }

        if (records.Length > 1 && !_takesBatches)
        {
            return new(Declined);
        }

        foreach (QueuedRecord record in records)
        {
            record.Attempts++;
        }

        if (records.Length == 1)
        {
            return caller.CallAsync(_record, records[0].Record, records[0].Activity, abandoned);
        }

        batch = new DeliveryBatch(records);
        activity = UsageActivity.StartBatch(records.Select(static record => record.Activity));
        return caller.CallAsync(_recordBatch, batch, activity ?? records[0].Activity, abandoned);
    }

    /// <summary>Ends a call. Returns what <see cref="DeliverAsync"/> does.</summary>
    public Exception? Settle(QueuedRecord[] records, Exception? fault, DeliveryBatch? batch, Activity? activity)
    {
        UsageActivity.End(activity);
        if (ReferenceEquals(fault, Left))
        {
            return Leave(records, null);
        }

        if (ReferenceEquals(fault, Declined) || batch is { IsDeclined: true })
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
                return records[0].Abandoned.IsCancellationRequested ? Leave(records, fault) : fault;
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
