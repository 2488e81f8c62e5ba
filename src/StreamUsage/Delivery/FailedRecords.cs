using System.Collections.Concurrent;
using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Retries failed records beside the queue. A failed batch is split until its bad records are alone, and each
/// gets its own attempts. While the sink accepts nothing, the pauses grow and no record is dropped.</summary>
internal sealed class FailedRecords(
    SinkCalls calls, SinkHealth health, BatchesUnderWay underWay, DeliveryRetries retries, DeliveryLimits limits,
        UsageReporter reporter)
{
    private const int MaxBatches = 16;

    // At most as many records as the queue holds are retried. If there are more, the queue waits.
    private readonly SemaphoreSlim _batches = new(Math.Clamp(limits.Capacity / limits.MaxBatchSize, 1, MaxBatches));
    private readonly SemaphoreSlim _singles = new(limits.Capacity);
    private readonly SemaphoreSlim _calls = new(limits.MaxConcurrentRetries);

    /// <summary>Retries records whose call failed. Completes when the queue may continue, not when they are
    /// delivered.</summary>
    /// <param name="records">A batch, or one record.</param>
    /// <param name="fault">The failure of the call.</param>
    /// <param name="taken">The value of <see cref="SinkHealth.Taken"/> before the call.</param>
    public async Task TakeAsync(QueuedRecord[] records, Exception fault, long taken)
    {
        SemaphoreSlim slots = records.Length == 1 ? _singles : _batches;
        await slots.WaitAsync().ConfigureAwait(false);
        records = [.. records]; // The caller removes its own array.
        underWay.Add(records);
        _ = RunAsync();

        async Task RunAsync()
        {
            try
            {
                await (records.Length == 1 ? RetryAsync(records[0], fault, taken) : SplitAsync(records, fault, taken))
                    .ConfigureAwait(false);
            }
            catch (Exception unexpected)
            {
                calls.GiveUp(records, DropReason.Failed, unexpected);
            }

            underWay.Remove(records);
            slots.Release();
        }
    }

    private async Task SplitAsync(QueuedRecord[] batch, Exception fault, long taken)
    {
        CancellationToken abandoned = batch[0].Abandoned;
        var pieces = new ConcurrentQueue<QueuedRecord[]>();
        if (fault is TimeoutException)
        {
            // Concurrent, so that a record that hangs delays no other.
            await Task.WhenAll(batch.Select(record => TryAsync([record], pieces, taken))).ConfigureAwait(false);
        }
        else
        {
            Split(batch, pieces);
        }

        while (!pieces.IsEmpty && !abandoned.IsCancellationRequested)
        {
            if (!health.HasTakenSince(taken))
            {
                using var ends = CancellationTokenSource.CreateLinkedTokenSource(abandoned, health.UntilTaken());
                await retries.RepeatUntilSuccessAsync(TryNextAsync, ends.Token).ConfigureAwait(false);
            }
            else if (pieces.TryDequeue(out QueuedRecord[]? piece))
            {
                await TryAsync(piece, pieces, taken).ConfigureAwait(false);
            }
        }

        calls.GiveUp([.. pieces.SelectMany(static piece => piece)], DropReason.Shutdown, fault);

        async ValueTask<bool> TryNextAsync()
        {
            if (pieces.TryDequeue(out QueuedRecord[]? piece))
            {
                await TryAsync(piece, pieces, taken).ConfigureAwait(false);
            }

            return pieces.IsEmpty || health.HasTakenSince(taken);
        }
    }

    private async Task TryAsync(QueuedRecord[] piece, ConcurrentQueue<QueuedRecord[]> pieces, long taken)
    {
        if (await CallAsync(piece).ConfigureAwait(false) is not { } fault)
        {
            return;
        }

        if (piece.Length > 1)
        {
            Split(piece, pieces);
        }
        else if (health.HasTakenSince(taken))
        {
            await TakeAsync(piece, fault, taken).ConfigureAwait(false);
        }
        else
        {
            pieces.Enqueue(piece); // The sink may be down: the record waits for its next turn.
        }
    }

    private static void Split(QueuedRecord[] piece, ConcurrentQueue<QueuedRecord[]> pieces)
    {
        int half = piece.Length / 2;
        pieces.Enqueue(piece[..half]);
        pieces.Enqueue(piece[half..]);
    }

    // An attempt counts if the sink accepted another record since the previous attempt. A record is dropped when all
    // its attempts count. It is also dropped when they failed after the sink had accepted something, and no new record
    // came to test the sink.
    private async Task RetryAsync(QueuedRecord record, Exception fault, long taken)
    {
        CancellationToken abandoned = record.Abandoned;
        Exception? last = fault;
        long before = taken;
        for (int counted = 1; ;)
        {
            bool isUp = health.HasTakenSince(taken);
            long asked = health.FirstCalls;
            taken = health.Taken;
            await retries.RepeatAsync(TryAgainAsync, abandoned).ConfigureAwait(false);
            bool isDecided = !limits.WaitsForSink || counted >= retries.MaxAttempts || (isUp && health.FirstCalls == asked);
            if (last is null || abandoned.IsCancellationRequested || isDecided)
            {
                break;
            }

            using var ends = CancellationTokenSource.CreateLinkedTokenSource(abandoned, health.UntilTaken());
            if (!health.HasTakenSince(taken))
            {
                await retries.RepeatUntilSuccessAsync(TryUntilTakenAsync, ends.Token).ConfigureAwait(false);
            }

            async ValueTask<bool> TryAgainAsync()
            {
                if (last is not null)
                {
                    counted += health.HasTakenSince(before) ? 1 : 0;
                    before = health.Taken;
                    last = await CallAsync([record]).ConfigureAwait(false);
                }

                return last is null || abandoned.IsCancellationRequested;
            }

            async ValueTask<bool> TryUntilTakenAsync() => await TryAgainAsync().ConfigureAwait(false) || health.HasTakenSince(taken);
        }

        if (last is not null)
        {
            calls.GiveUp([record], abandoned.IsCancellationRequested ? DropReason.Shutdown : DropReason.Failed, last);
        }
    }

    private async Task<Exception?> CallAsync(QueuedRecord[] records)
    {
        await _calls.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            reporter.Retried(calls.Name, records.Length);
            return await calls.DeliverAsync(records).ConfigureAwait(false);
        }
        finally
        {
            _calls.Release();
        }
    }
}
