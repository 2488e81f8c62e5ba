using System.Threading.Channels;
using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>
/// Brings a batch to its sink: as a whole, then record by record, in order. A record that the sink goes on refusing while it takes the one after it is given up; where it takes neither, the sink is down,
/// and everything waits for it.
/// </summary>
internal sealed class BatchDelivery(Destination destination, Watchdog watchdog, RetryPlan batchRetries, RetryPlan recordRetries, UndeliveredRecords undelivered, UsageReporter reporter, SteadyTime time, DeliveryStop stop)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), MaxPause = TimeSpan.FromSeconds(30), MaxPauseWhenStopping = TimeSpan.FromSeconds(0.5);

    /// <summary>Takes out of the batch what its sink has got, or never will; something is left only where the time for delivering has passed.</summary>
    public async Task DeliverAsync(RecordBatch batch, ChannelReader<QueuedRecord> queue)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            await WaitForStartAsync(batch[i]).ConfigureAwait(false);
        }

        bool isDown = false;
        for (TimeSpan pause = FirstPause; !stop.IsAbandoned && await TryAsync(batch, queue).ConfigureAwait(false) is { } fault; pause = Longer(pause))
        {
            if (!isDown)
            {
                isDown = true;
                await reporter.SinkDownAsync(destination.Name, fault).ConfigureAwait(false);
            }

            await PauseAsync(pause).ConfigureAwait(false);
        }

        if (isDown && batch.Count == 0)
        {
            await reporter.SinkBackAsync(destination.Name).ConfigureAwait(false);
        }
    }

    private static TimeSpan Longer(TimeSpan pause) => pause >= MaxPause / 2 ? MaxPause : pause * 2;

    // The result is why the sink is down; null where the batch is done with.
    private async ValueTask<Exception?> TryAsync(RecordBatch batch, ChannelReader<QueuedRecord> queue)
    {
        if (batch.Count > 1 && destination.Shape.TakesBatches)
        {
            UsageRecord[] records = batch.ToRecords();
            (Exception? fault, _) = await AttemptAsync(() => new BatchCall(destination, records), records.Length, batchRetries).ConfigureAwait(false);
            if (fault is null)
            {
                await DeliveredAsync(batch, 0, batch.Count).ConfigureAwait(false);
                return null;
            }
        }

        while (batch.Count != 0 && !stop.IsAbandoned)
        {
            UsageRecord first = batch[0].Record;
            (Exception? fault, int attempts) = await AttemptAsync(() => new RecordCall(destination, first), 1, recordRetries).ConfigureAwait(false);
            if (fault is null)
            {
                await DeliveredAsync(batch, 0, 1).ConfigureAwait(false);
                continue;
            }

            // Is it the record, or the sink?
            if (stop.IsAbandoned || !await TakeNextAsync(batch, queue).ConfigureAwait(false))
            {
                return fault;
            }

            batch.Remove(0, 1);
            await undelivered.TakeAsync(first, destination, UndeliveredRecords.Failed, attempts, fault).ConfigureAwait(false);
        }

        return null;
    }

    private async ValueTask<bool> TakeNextAsync(RecordBatch batch, ChannelReader<QueuedRecord> queue)
    {
        if (batch.Count == 1)
        {
            if (!queue.TryRead(out QueuedRecord next))
            {
                return false;
            }

            batch.Add(next);
            await WaitForStartAsync(next).ConfigureAwait(false);
        }

        UsageRecord second = batch[1].Record;
        if (await CallAsync(new RecordCall(destination, second)).ConfigureAwait(false) is not null)
        {
            return false;
        }

        await DeliveredAsync(batch, 1, 1).ConfigureAwait(false);
        return true;
    }

    private async ValueTask<(Exception? Fault, int Attempts)> AttemptAsync(Func<GuardedCall> makeCall, int records, RetryPlan retries)
    {
        Exception? first = await CallAsync(makeCall()).ConfigureAwait(false);
        return first is null ? (null, 1) : await retries.GoOnAsync(first, AgainAsync, stop.Abandoned).ConfigureAwait(false);

        async ValueTask<Exception?> AgainAsync()
        {
            await reporter.RetriedAsync(destination.Name, records).ConfigureAwait(false);
            return await CallAsync(makeCall()).ConfigureAwait(false);
        }
    }

    private async ValueTask<Exception?> CallAsync(GuardedCall call)
    {
        ValueTask<Exception?> ended = call.RunAsync(watchdog);
        Exception? fault;
        using (stop.Abandoned.UnsafeRegister(static call => ((GuardedCall)call!).Abandon(new OperationCanceledException()), call))
        {
            fault = await ended.ConfigureAwait(false);
        }

        if (fault is not null)
        {
            await reporter.AttemptFailedAsync().ConfigureAwait(false);
        }

        return fault;
    }

    private async ValueTask DeliveredAsync(RecordBatch batch, int index, int count)
    {
        TimeSpan[]? took = reporter.ReportsDeliveries ? [.. Enumerable.Range(index, count).Select(i => time.GetElapsedTime(batch[i].Since))] : null;
        batch.Remove(index, count);
        if (took is not null)
        {
            await reporter.DeliveredAsync(destination.Name, took).ConfigureAwait(false);
        }
    }

    private async ValueTask PauseAsync(TimeSpan pause)
    {
        // A stop ends a long pause: there is little time left.
        bool isStopping = stop.IsStopping;
        TimeSpan wanted = isStopping && pause > MaxPauseWhenStopping ? MaxPauseWhenStopping : pause * (0.75 + (Random.Shared.NextDouble() / 2));
        await Task.Delay(wanted, time, isStopping ? stop.Abandoned : stop.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static ValueTask WaitForStartAsync(QueuedRecord queued) => queued.Start?.WaitAsync() ?? ValueTask.CompletedTask;
}
