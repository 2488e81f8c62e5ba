using System.Collections.Concurrent;
using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Retries failed records outside the queue. A failed batch is split until its bad records are alone, and each
/// of these gets its own attempts. In the background, attempts during an outage use up none of them.</summary>
internal sealed class FailedRecords(
    SinkCalls calls, SinkHealth health, BatchesUnderWay underWay, DeliveryRetries retries, DeliveryLimits limits,
        UsageReporter reporter)
{
    // So that others go on while one of them waits for a call that hangs.
    private const int MaxBatches = 16;

    // The split batches together, and the single records together, hold at most as many records as the queue. Then the
    // queue waits.
    private readonly SemaphoreSlim _batchSlots = new(Math.Clamp(limits.Capacity / limits.MaxBatchSize, 1, MaxBatches));
    private readonly SemaphoreSlim _singleSlots = new(limits.Capacity);
    private readonly SemaphoreSlim _callSlots = new(limits.MaxConcurrentRetries);

    /// <summary>Retries records whose call failed. Completes when the queue may continue, not when they are
    /// delivered.</summary>
    /// <param name="records">A batch, or one record.</param>
    /// <param name="fault">The failure of the call.</param>
    /// <param name="successes">The value of <see cref="SinkHealth.Successes"/> before the call.</param>
    public async Task RetryAsync(QueuedRecord[] records, Exception fault, long successes)
    {
        SemaphoreSlim slots = records.Length == 1 ? _singleSlots : _batchSlots;
        await slots.WaitAsync().ConfigureAwait(false);
        records = [.. records]; // A copy, because the caller removes the original from the batches under way.
        underWay.Add(records);
        _ = RunAsync();

        async Task RunAsync()
        {
            try
            {
                await (records.Length == 1 ? RetrySingleAsync(records[0], fault, successes) : SplitAsync(records, fault, successes))
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

    private async Task SplitAsync(QueuedRecord[] batch, Exception fault, long successes)
    {
        CancellationToken abandoned = batch[0].Abandoned;
        var pieces = new ConcurrentQueue<QueuedRecord[]>();
        if (fault is TimeoutException)
        {
            // Concurrent: one after the other, each record that hangs would delay the rest by a timeout.
            await Task.WhenAll(batch.Select(record => TryAsync([record], pieces, successes))).ConfigureAwait(false);
        }
        else
        {
            Split(batch, pieces);
        }

        while (!pieces.IsEmpty && !abandoned.IsCancellationRequested)
        {
            using CancellationTokenSource ends = UntilSuccess(abandoned);
            if (!health.HasSucceededSince(successes))
            {
                await retries.RepeatInOutageAsync(TryNextAsync, ends.Token).ConfigureAwait(false);
            }
            else if (pieces.TryDequeue(out QueuedRecord[]? piece))
            {
                await TryAsync(piece, pieces, successes).ConfigureAwait(false);
            }
        }

        calls.GiveUp([.. pieces.SelectMany(static piece => piece)], DropReason.Shutdown, fault);

        async ValueTask<bool> TryNextAsync()
        {
            if (pieces.TryDequeue(out QueuedRecord[]? piece))
            {
                await TryAsync(piece, pieces, successes).ConfigureAwait(false);
            }

            return pieces.IsEmpty || health.HasSucceededSince(successes);
        }
    }

    private async Task TryAsync(QueuedRecord[] piece, ConcurrentQueue<QueuedRecord[]> pieces, long successes)
    {
        if (await CallAsync(piece).ConfigureAwait(false) is not { } fault)
        {
            return;
        }

        if (piece.Length > 1)
        {
            Split(piece, pieces);
        }
        else if (health.HasSucceededSince(successes))
        {
            await RetryAsync(piece, fault, successes).ConfigureAwait(false);
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

    // A round is a full set of attempts with short pauses. In the background, further rounds may follow. Between two,
    // it waits until the sink accepts anything.
    private async Task RetrySingleAsync(QueuedRecord record, Exception fault, long successes)
    {
        CancellationToken abandoned = record.Abandoned;
        Exception? lastFault = fault;
        long successesAtAttempt = successes;
        int attemptsThatCount = 1;
        while (true)
        {
            bool wasAccepting = health.HasSucceededSince(successes);
            long firstCalls = health.FirstCalls;
            successes = health.Successes;
            await retries.RepeatAsync(TryInRoundAsync, abandoned).ConfigureAwait(false);

            // The record is bad if the sink accepted others between its attempts. If no new record came in this round,
            // there was nothing to compare with. Then it is bad if the sink accepted something before the round.
            bool isBad = attemptsThatCount >= retries.MaxAttempts || (wasAccepting && health.FirstCalls == firstCalls);
            if (!IsOpen() || isBad || !limits.IsBackground)
            {
                break;
            }

            using CancellationTokenSource ends = UntilSuccess(abandoned);
            if (!health.HasSucceededSince(successes))
            {
                await retries.RepeatInOutageAsync(TryInOutageAsync, ends.Token).ConfigureAwait(false);
            }
        }

        if (lastFault is not null)
        {
            calls.GiveUp([record], abandoned.IsCancellationRequested ? DropReason.Shutdown : DropReason.Failed, lastFault);
        }

        bool IsOpen() => lastFault is not null && !abandoned.IsCancellationRequested;

        async ValueTask<bool> TryInRoundAsync()
        {
            await TryAgainAsync().ConfigureAwait(false);
            return !IsOpen() || attemptsThatCount >= retries.MaxAttempts;
        }

        async ValueTask<bool> TryInOutageAsync()
        {
            await TryAgainAsync().ConfigureAwait(false);
            return !IsOpen() || health.HasSucceededSince(successes);
        }

        async Task TryAgainAsync()
        {
            if (IsOpen())
            {
                attemptsThatCount += health.HasSucceededSince(successesAtAttempt) ? 1 : 0;
                successesAtAttempt = health.Successes;
                lastFault = await CallAsync([record]).ConfigureAwait(false);
            }
        }
    }

    // Take the source before asking whether the sink has succeeded: then no success is missed.
    private CancellationTokenSource UntilSuccess(CancellationToken abandoned) =>
        CancellationTokenSource.CreateLinkedTokenSource(abandoned, health.UntilSuccess());

    private async Task<Exception?> CallAsync(QueuedRecord[] records)
    {
        await _callSlots.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            reporter.Retried(calls.Name, records.Length);
            return await calls.DeliverAsync(records).ConfigureAwait(false);
        }
        finally
        {
            _callSlots.Release();
        }
    }
}
