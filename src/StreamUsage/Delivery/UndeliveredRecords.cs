using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>The end of records that a sink did not get: a line, a count, and the user's own last resort.</summary>
internal sealed class UndeliveredRecords(Func<UsageRecord, CancellationToken, ValueTask>? lastResort, Watchdog watchdog, UsageReporter reporter, SteadyTime time)
{
    public const string Failed = "failed";
    public const string QueueFull = "queue_full";
    public const string Shutdown = "shutdown";

    private const int MaxCallbacks = 16;

    private static readonly TimeSpan MaxWaitForLog = TimeSpan.FromSeconds(1);

    private readonly Destination? _lastResort = lastResort is null ? null : new Destination(new CallbackUsageSink(lastResort), nameof(StreamUsageOptions.OnDeliveryFailed));

    /// <param name="record">The record.</param>
    /// <param name="destination">Who did not get it.</param>
    /// <param name="reason">Why not.</param>
    /// <param name="attempts">How often it was tried.</param>
    /// <param name="fault">Why the last attempt has failed; null where there was none.</param>
    public async ValueTask TakeAsync(UsageRecord record, Destination destination, string reason, int attempts, Exception? fault)
    {
        await reporter.DroppedAsync(record, destination.Name, reason, attempts, fault).ConfigureAwait(false);
        await SaveAsync(record, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Takes what a stop has no time for: all of it is logged and counted before the first callback, which may take long.</summary>
    /// <param name="records">The records.</param>
    /// <param name="destination">Who did not get them.</param>
    /// <param name="ending">Ends the callbacks; the log says how many records were not given to one.</param>
    public async Task TakeAllAsync(IReadOnlyList<UsageRecord> records, Destination destination, CancellationToken ending)
    {
        Task reporting = reporter.LeftAsync(records, destination.Name, Shutdown).AsTask();
        if (_lastResort is not null)
        {
            await reporting.WaitAsync(MaxWaitForLog, time, ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // A logger that is slow goes on beside the callbacks.
            await SaveAllAsync(records, destination, ending).ConfigureAwait(false);
        }

        await reporting.ConfigureAwait(false);
    }

    private async Task SaveAllAsync(IReadOnlyList<UsageRecord> records, Destination destination, CancellationToken ending)
    {
        int next = -1, missed = 0;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(MaxCallbacks, records.Count)).Select(_ => SaveInTurnAsync())).ConfigureAwait(false);
        if (missed != 0)
        {
            await reporter.CallbacksMissedAsync(destination.Name, missed).ConfigureAwait(false);
        }

        async Task SaveInTurnAsync()
        {
            for (int i; (i = Interlocked.Increment(ref next)) < records.Count;)
            {
                if (ending.IsCancellationRequested || !await SaveAsync(records[i], ending).ConfigureAwait(false))
                {
                    Interlocked.Increment(ref missed);
                }
            }
        }
    }

    // False where there was no time for it.
    private async ValueTask<bool> SaveAsync(UsageRecord record, CancellationToken ending)
    {
        if (_lastResort is null)
        {
            return true;
        }

        Exception? fault = await new RecordCall(_lastResort, record).RunAsync(watchdog, ending).ConfigureAwait(false);
        if (fault is OperationCanceledException && ending.IsCancellationRequested)
        {
            return false;
        }

        if (fault is not null)
        {
            await reporter.CallbackFailedAsync(record.Id, fault).ConfigureAwait(false);
        }

        return true;
    }
}
