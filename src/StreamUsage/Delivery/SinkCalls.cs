using System.Diagnostics;
using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Calls one sink, and settles the records that it accepted or rejected.</summary>
internal sealed class SinkCalls(
    IUsageSink sink, string name, TimeSpan timeout, SinkHealth health, UndeliveredRecords undelivered, UsageReporter reporter,
        TimeProvider time)
{
    /// <summary>The result of a batch call to a sink without batches: nothing was delivered. A marker, never
    /// thrown.</summary>
    public static readonly Exception Declined = new NotSupportedException();

    // The result of a call that a shutdown prevented. A marker, never thrown.
    private static readonly Exception Skipped = new OperationCanceledException();

    // Two: each counts its own abandoned calls, so that starts that hang do not stop records.
    private readonly SinkCaller _startCaller = new(timeout, time), _recordCaller = new(timeout, time);

    private readonly Func<object, CancellationToken, ValueTask> _start = (start, token) => sink.StartedAsync((UsageStart)start, token);
    private readonly Func<object, CancellationToken, ValueTask> _record = (record, token) => sink.RecordAsync((UsageRecord)record, token);
    private readonly Func<object, CancellationToken, ValueTask> _recordBatch =
        (records, token) => sink.RecordBatchAsync((DeliveryBatch)records, token);
    private readonly SemaphoreSlim _starts = new(SinkCaller.MaxAbandonedCalls);
    private volatile bool _supportsStarts = true, _supportsBatches = true;

    public string Name => name;

    /// <summary>Gets whether the sink implements <see cref="IUsageSink.StartedAsync"/>, as far as known.</summary>
    public bool SupportsStarts => _supportsStarts;

    /// <summary>Gets whether the sink implements <see cref="IUsageSink.RecordBatchAsync"/>, as far as known.</summary>
    public bool SupportsBatches => _supportsBatches;

    /// <summary>Calls the sink with the start of a response. A failure says nothing about records, so it does not count
    /// as an outage. Never throws.</summary>
    public async Task StartAsync(UsageStart start, ActivityContext request)
    {
        await _starts.WaitAsync().ConfigureAwait(false);
        Activity? activity = UsageActivity.Start(request);
        Exception? fault = await _startCaller.CallAsync(_start, start, activity).ConfigureAwait(false);
        UsageActivity.End(activity);
        _starts.Release();
        if (start.IsIgnored)
        {
            _supportsStarts = false;
        }

        if (fault is not null)
        {
            reporter.StartFailed(start.Id, name, fault);
        }
    }

    /// <summary>Calls the sink once, with one record or a batch. Never throws.</summary>
    /// <param name="records">The records.</param>
    /// <returns>The failure if the records are still to be delivered; null if they were accepted, rejected, or dropped
    /// by a shutdown.</returns>
    public async Task<Exception?> DeliverAsync(QueuedRecord[] records) =>
        Settle(records, await CallAsync(records, out DeliveryBatch? batch, out Activity? activity).ConfigureAwait(false), batch, activity);

    /// <summary>Does the first half of <see cref="DeliverAsync"/>. A lane awaits it itself: one state machine less for
    /// each call. Await it once, and pass the result to <see cref="Settle"/>.</summary>
    public ValueTask<Exception?> CallAsync(QueuedRecord[] records, out DeliveryBatch? batch, out Activity? activity)
    {
        (batch, activity) = (null, null);
        CancellationToken abandoned = records[0].Abandoned;
        if (abandoned.IsCancellationRequested)
        {
            return new(Skipped);
        }

        if (records.Length > 1 && !_supportsBatches)
        {
            return new(Declined);
        }

        if (records.Length == 1)
        {
            return _recordCaller.CallAsync(_record, records[0].Record, records[0].Activity, abandoned);
        }

        batch = new DeliveryBatch(records);
        activity = UsageActivity.StartBatch(records.Select(static record => record.Activity));
        return _recordCaller.CallAsync(_recordBatch, batch, activity ?? records[0].Activity, abandoned);
    }

    /// <summary>Does the second half of <see cref="DeliverAsync"/>, and returns what that returns.</summary>
    public Exception? Settle(QueuedRecord[] records, Exception? fault, DeliveryBatch? batch, Activity? activity)
    {
        UsageActivity.End(activity);
        if (ReferenceEquals(fault, Skipped))
        {
            GiveUp(records, DropReason.Shutdown, null);
            return null;
        }

        if (ReferenceEquals(fault, Declined) || batch is { IsDeclined: true })
        {
            _supportsBatches = false;
            return Declined;
        }

        foreach (QueuedRecord record in records)
        {
            record.Attempts++;
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

            case not null when records[0].Abandoned.IsCancellationRequested:
                GiveUp(records, DropReason.Shutdown, fault); // The shutdown ended the call, so the sink is not to blame.
                return null;

            default:
                health.Failed(fault);
                reporter.AttemptFailed();
                return fault;
        }
    }

    /// <summary>Reports records that the sink does not get, except those that have ended. Does not wait for user
    /// code.</summary>
    public void GiveUp(QueuedRecord[] records, string reason, Exception? fault)
    {
        foreach (QueuedRecord record in records)
        {
            _ = GiveUpAsync(record, reason, fault);
        }
    }

    public Task GiveUpAsync(QueuedRecord record, string reason, Exception? fault = null) =>
        undelivered.ReportAsync(record, name, reason, fault);

    // A method of its own: in Settle, the closures would be allocated on every call.
    private void Complete(QueuedRecord[] records, RejectedRecordsException rejected)
    {
        HashSet<Guid> ids = [.. rejected.RecordIds];
        Complete(Array.FindAll(records, record => !IsRejected(record)));
        GiveUp(Array.FindAll(records, IsRejected), DropReason.Failed, rejected);

        // A sink that throws for its only record does not have it, whatever it names.
        bool IsRejected(QueuedRecord record) => records.Length == 1 || ids.Contains(record.Record.Id);
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
