using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Reports records that a sink did not get: an error line, a count, and the user's callback.</summary>
internal sealed class UndeliveredRecords(
    Func<UsageRecord, CancellationToken, ValueTask>? callback, SinkCaller caller, UsageReporter reporter, DeliveryStop stop)
{
    private const int MaxConcurrentCallbacks = 16;

    private readonly Func<object, CancellationToken, ValueTask>? _callback =
        callback is null ? null : (record, token) => callback((UsageRecord)record, token);

    private readonly SemaphoreSlim _callbacks = new(MaxConcurrentCallbacks);
    private int _missed;

    /// <summary>Reports a record that has not ended, passes it to the callback, and ends it as failed. At a shutdown, a
    /// record in the outbox stays there instead. Never throws.</summary>
    public async Task ReportAsync(QueuedRecord queued, string sink, string reason, Exception? fault)
    {
        if (queued.IsStored && reason == DropReason.Shutdown)
        {
            queued.End(DeliveryResult.Stored);
        }

        if (queued.IsEnded)
        {
            return;
        }

        using (UsageActivity.Enter(queued.Activity))
        {
            reporter.Dropped(queued.Record, sink, reason, queued.Attempts, fault);
        }

        if (_callback is not null)
        {
            await CallBackAsync(queued, _callback, stop.Ended).ConfigureAwait(false);
        }

        queued.End(DeliveryResult.Failed);
    }

    /// <summary>Logs how many records missed the callback because of a shutdown.</summary>
    public void ReportMissed()
    {
        if (Interlocked.Exchange(ref _missed, 0) is > 0 and int missed)
        {
            reporter.CallbacksMissed(missed);
        }
    }

    private async Task CallBackAsync(
        QueuedRecord queued, Func<object, CancellationToken, ValueTask> call, CancellationToken ended)
    {
        await _callbacks.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        Exception? fault = ended.IsCancellationRequested
            ? new OperationCanceledException(ended)
            : await caller.CallAsync(call, queued.Record, queued.Activity, ended).ConfigureAwait(false);
        _callbacks.Release();
        if (fault is OperationCanceledException && ended.IsCancellationRequested)
        {
            Interlocked.Increment(ref _missed);
        }
        else if (fault is not null)
        {
            reporter.CallbackFailed(queued.Record.Id, fault);
        }
    }
}
