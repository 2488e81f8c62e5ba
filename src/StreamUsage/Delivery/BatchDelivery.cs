using System.Threading.Channels;
using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>
/// Brings a batch to its sink: as a whole, then record by record, in order. Records that the sink goes on refusing while it takes another are given up; where it takes none of those that are at hand, the sink is down,
/// and everything waits for it.
/// </summary>
internal sealed class BatchDelivery(
    Destination destination, int maxBatchSize, Watchdog watchdog, RetryPlan batchRetries, RetryPlan recordRetries, UndeliveredRecords undelivered, UsageReporter reporter, SteadyTime time, DeliveryStop stop)
{
    /// <summary>How many records are taken out of the queue, beside a batch that is refused, to find one that is not.</summary>
    public const int MaxAhead = 100;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), MaxPause = TimeSpan.FromSeconds(30), MaxPauseWhenStopping = TimeSpan.FromSeconds(0.5);

    private int _nextOther = 1; // Where the search for a record that the sink takes goes on.

    private enum OtherRecord
    {
        Taken,
        Refused,
        None,
    }

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
        bool isWhole = destination.Shape.TakesBatches;
        while (isWhole && batch.Count > 1 && !stop.IsAbandoned)
        {
            UsageRecord[] records = batch.ToRecords(maxBatchSize);
            (Exception? fault, _) = await AttemptAsync(() => new BatchCall(destination, records), records.Length, batchRetries).ConfigureAwait(false);
            isWhole = fault is null;
            if (isWhole)
            {
                Delivered(batch, 0, records.Length);
            }
        }

        while (batch.Count != 0 && !stop.IsAbandoned)
        {
            if (await TryFirstAsync(batch, queue).ConfigureAwait(false) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    // The result is why the sink is down; null where the first record has come to its end.
    private async ValueTask<Exception?> TryFirstAsync(RecordBatch batch, ChannelReader<QueuedRecord> queue)
    {
        UsageRecord first = batch[0].Record;
        (Exception? fault, int attempts) = await AttemptAsync(() => new RecordCall(destination, first), 1, recordRetries).ConfigureAwait(false);
        if (fault is null)
        {
            Delivered(batch, 0, 1);
            return null;
        }

        // Is it the record, or the sink?
        var refused = new List<RefusedRecord> { new(first, attempts, fault) };
        if (stop.IsAbandoned || await TryOtherAsync(batch, queue, refused).ConfigureAwait(false) != OtherRecord.Taken)
        {
            return fault;
        }

        // The sink may have come back only just now: it is asked once more. Where it refused others before it took one, it may have been down for longer: all of them have all their attempts again.
        bool isSure = refused.Count == 1;
        await TryAgainAsync(batch, refused, isSure ? RetryPlan.None : recordRetries).ConfigureAwait(false);
        if (stop.IsAbandoned || (!isSure && refused.Count != 0 && await TryOtherAsync(batch, queue, [.. refused]).ConfigureAwait(false) == OtherRecord.Refused))
        {
            return fault;
        }

        foreach (RefusedRecord bad in refused)
        {
            batch.Remove(batch.IndexOf(bad.Record), 1);
            await undelivered.TakeAsync(bad.Record, destination, UndeliveredRecords.Failed, bad.Attempts, bad.Fault).ConfigureAwait(false);
        }

        return null;
    }

    // Once each, until one is taken. A call that hangs says more of the sink than of its record: the search goes on behind it, another time.
    private async ValueTask<OtherRecord> TryOtherAsync(RecordBatch batch, ChannelReader<QueuedRecord> queue, List<RefusedRecord> refused)
    {
        OtherRecord result = OtherRecord.None;
        int next = Math.Min(_nextOther, batch.Count);
        for (_nextOther = 1; !stop.IsAbandoned && (next < batch.Count || await AddNextAsync(batch, queue).ConfigureAwait(false)); next++)
        {
            UsageRecord other = batch[next].Record;
            if (refused.Exists(known => ReferenceEquals(known.Record, other)))
            {
                continue;
            }

            if (await CallAsync(new RecordCall(destination, other)).ConfigureAwait(false) is not { } fault)
            {
                Delivered(batch, next, 1);
                return OtherRecord.Taken;
            }

            result = OtherRecord.Refused;
            refused.Add(new RefusedRecord(other, 1, fault));
            if (fault is TimeoutException)
            {
                _nextOther = next + 1;
                break;
            }
        }

        return result;
    }

    private async ValueTask<bool> AddNextAsync(RecordBatch batch, ChannelReader<QueuedRecord> queue)
    {
        if (batch.Count >= maxBatchSize + MaxAhead || !queue.TryRead(out QueuedRecord next))
        {
            return false;
        }

        batch.Add(next);
        await WaitForStartAsync(next).ConfigureAwait(false);
        return true;
    }

    // All of them in turn, so that many that are bad take no longer than one.
    private async ValueTask TryAgainAsync(RecordBatch batch, List<RefusedRecord> refused, RetryPlan retries)
    {
        if (await TryEachAsync().ConfigureAwait(false) is { } first)
        {
            await retries.GoOnAsync(first, TryEachAsync, stop.Abandoned).ConfigureAwait(false);
        }

        async ValueTask<Exception?> TryEachAsync()
        {
            for (int i = 0; i < refused.Count && !stop.IsAbandoned;)
            {
                RefusedRecord record = refused[i];
                reporter.Retried(destination.Name, 1);
                if (await CallAsync(new RecordCall(destination, record.Record)).ConfigureAwait(false) is { } fault)
                {
                    refused[i++] = record with { Attempts = record.Attempts + 1, Fault = fault };
                }
                else
                {
                    Delivered(batch, batch.IndexOf(record.Record), 1);
                    refused.RemoveAt(i);
                }
            }

            return refused.Count == 0 ? null : refused[^1].Fault;
        }
    }

    private async ValueTask<(Exception? Fault, int Attempts)> AttemptAsync(Func<GuardedCall> makeCall, int records, RetryPlan retries)
    {
        Exception? first = await CallAsync(makeCall()).ConfigureAwait(false);
        return first is null ? (null, 1) : await retries.GoOnAsync(first, AgainAsync, stop.Abandoned).ConfigureAwait(false);

        async ValueTask<Exception?> AgainAsync()
        {
            reporter.Retried(destination.Name, records);
            return await CallAsync(makeCall()).ConfigureAwait(false);
        }
    }

    private async ValueTask<Exception?> CallAsync(GuardedCall call)
    {
        Exception? fault = await call.RunAsync(watchdog, stop.Abandoned).ConfigureAwait(false);
        if (fault is not null)
        {
            reporter.AttemptFailed();
        }

        return fault;
    }

    private void Delivered(RecordBatch batch, int index, int count)
    {
        TimeSpan[]? took = reporter.ReportsDeliveries ? [.. Enumerable.Range(index, count).Select(i => time.GetElapsedTime(batch[i].Since))] : null;
        batch.Remove(index, count);
        if (took is not null)
        {
            reporter.Delivered(destination.Name, took);
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
