using System.Collections.Concurrent;
using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Retries failed records outside the queue. A failed batch is split until its bad records are alone, and each
/// of these gets its own attempts. In the background, attempts during an outage use up none of them.</summary>
internal sealed class FailedRecords(
    SinkCalls calls, SinkHealth health, BatchesUnderWay underWay, DeliveryRetries retries, DeliveryLimits limits,
        UsageReporter reporter)
{
    // Enough to go on while one batch waits for a call that hangs.
    private const int MaxBatches = 16;

    // Batches and single records may each be as many as the queue holds. If there are more, the queue waits.
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
        records = [.. records]; // The caller removes its own array.
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

        RetryPause pause = retries.InOutage();
        while (!pieces.IsEmpty && !abandoned.IsCancellationRequested)
        {
            await WaitInOutageAsync(pause, successes, abandoned).ConfigureAwait(false);
            if (!abandoned.IsCancellationRequested && pieces.TryDequeue(out QueuedRecord[]? piece))
            {
                await TryAsync(piece, pieces, successes).ConfigureAwait(false);
            }
        }

        calls.GiveUp([.. pieces.SelectMany(static piece => piece)], DropReason.Shutdown, fault);
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

    // Attempts come in rounds. In the background, an outage lies between two rounds.
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
            RetryPause pause = retries.BetweenAttempts();
            for (int i = 1; i < retries.MaxAttempts && attemptsThatCount < retries.MaxAttempts && IsOpen(); i++)
            {
                await pause.WaitAsync(abandoned).ConfigureAwait(false);
                await TryAgainAsync().ConfigureAwait(false);
            }

            // The record is bad if the sink accepted others between its attempts. If none came, only the sink's last
            // state tells: after a success, a whole round has failed.
            bool isBad = attemptsThatCount >= retries.MaxAttempts || (wasAccepting && health.FirstCalls == firstCalls);
            if (!IsOpen() || isBad || !limits.IsBackground)
            {
                break;
            }

            pause = retries.InOutage();
            while (IsOpen() && !health.HasSucceededSince(successes))
            {
                await WaitInOutageAsync(pause, successes, abandoned).ConfigureAwait(false);
                if (!health.HasSucceededSince(successes))
                {
                    await TryAgainAsync().ConfigureAwait(false);
                }
            }
        }

        if (lastFault is not null)
        {
            calls.GiveUp([record], abandoned.IsCancellationRequested ? DropReason.Shutdown : DropReason.Failed, lastFault);
        }

        bool IsOpen() => lastFault is not null && !abandoned.IsCancellationRequested;

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

    // Pauses while the sink accepts nothing. Its next success ends the pause.
    private async Task WaitInOutageAsync(RetryPause pause, long successes, CancellationToken abandoned)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(abandoned, health.UntilSuccess());
        if (!health.HasSucceededSince(successes)) // After the token: no success is missed.
        {
            await pause.WaitAsync(ends.Token).ConfigureAwait(false);
        }
    }

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
