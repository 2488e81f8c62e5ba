using System.Diagnostics;
using System.Threading.Channels;
using StreamUsage.Buffers;

namespace StreamUsage.Delivery;

/// <summary>Represents the bounded queue of one sink. Its lanes take a batch, call the sink, and take the next one.
/// They run only while records wait.</summary>
internal sealed class SinkQueue(
    SinkCalls calls, SinkHealth health, FailedRecords failed, BatchesUnderWay underWay, DeliveryLimits limits, BufferBudget budget,
        TimeProvider time, DeliveryStop stop)
{
    private readonly Channel<QueuedRecord> _channel = Channel.CreateBounded<QueuedRecord>(limits.Capacity);
    private readonly object _gate = new();
    private int _lanes, _filling, _waiting;

    public SinkCalls Calls => calls;

    /// <summary>Gets the number of records that the sink does not have yet.</summary>
    public int Length => _channel.Reader.Count + Volatile.Read(ref _waiting) + underWay.Count;

    /// <summary>Gets how long the oldest of them has waited; zero if there is none.</summary>
    public TimeSpan OldestAge
    {
        get
        {
            long now = time.GetTimestamp();
            long next = _channel.Reader.TryPeek(out QueuedRecord? record) ? record.Since : now;
            return time.GetElapsedTime(Math.Min(next, underWay.Oldest), now);
        }
    }

    public SinkStatus GetStatus()
    {
        (Exception Fault, DateTimeOffset Since)? failure = health.Failure;
        return new SinkStatus
        {
            Sink = calls.Name,
            FailingSince = failure?.Since,
            LastError = failure?.Fault,
            QueueLength = Length,
            OldestRecordAge = OldestAge,
        };
    }

    /// <summary>Adds a record. Returns false if it found no room in time, was dropped and has ended.</summary>
    public Task<bool> AddAsync(QueuedRecord record)
    {
        if (!_channel.Writer.TryWrite(record))
        {
            return WaitForRoomAsync(record);
        }

        StartLane();
        return Task.FromResult(true); // A cached task.
    }

    // Records beyond the capacity count against the memory budget of all responses.
    private async Task<bool> WaitForRoomAsync(QueuedRecord record)
    {
        CancellationToken abandoned = record.Abandoned;
        if (record.IsStored)
        {
            return await WaitWithoutLimitAsync(record).ConfigureAwait(false);
        }

        long size = RecordSize.Of(record.Record);
        bool isAdded = false;
        if (budget.TryTake(size))
        {
            Interlocked.Increment(ref _waiting);
            try
            {
                using var limit = new CancellationTokenSource(limits.FullQueueTimeout, time);
                using var ends = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, abandoned);
                await _channel.Writer.WriteAsync(record, ends.Token).ConfigureAwait(false);
                isAdded = true;
                StartLane();
            }
            catch (OperationCanceledException)
            {
                // There was no room in time.
            }
            finally
            {
                Interlocked.Decrement(ref _waiting);
                budget.Return(size);
            }
        }

        if (!isAdded)
        {
            await calls.GiveUpAsync(record, abandoned.IsCancellationRequested ? DropReason.Shutdown : DropReason.QueueFull)
                .ConfigureAwait(false);
        }

        return isAdded;
    }

    // The outbox limits how many of its records are here.
    private async Task<bool> WaitWithoutLimitAsync(QueuedRecord record)
    {
        try
        {
            await _channel.Writer.WriteAsync(record, record.Abandoned).ConfigureAwait(false);
            StartLane();
            return true;
        }
        catch (OperationCanceledException)
        {
            await calls.GiveUpAsync(record, DropReason.Shutdown).ConfigureAwait(false);
            return false;
        }
    }

    // Starts a lane, unless one is about to take the waiting records. It looks again when it has taken some, so whoever
    // looks last sees the other's change.
    private void StartLane()
    {
        if (!NeedsLane())
        {
            return;
        }

        lock (_gate)
        {
            if (!NeedsLane())
            {
                return;
            }

            _lanes++;
            _filling++;
        }

        _ = RunLaneAsync(); // Runs here up to its first call, which is on the thread pool.
    }

    private bool NeedsLane() => Volatile.Read(ref _filling) == 0 && Volatile.Read(ref _lanes) < limits.MaxConcurrentCalls;

    // Never throws.
    private async Task RunLaneAsync()
    {
        while (true)
        {
            QueuedRecord[] batch = Take(calls.TakesBatches ? limits.MaxBatchSize : 1);
            if (batch.Length != 0 && limits.MaxBatchDelay != TimeSpan.Zero && calls.TakesBatches)
            {
                batch = await FillAsync(batch).ConfigureAwait(false);
            }

            underWay.Add(batch);
            lock (_gate)
            {
                _filling--;
                _lanes -= batch.Length == 0 ? 1 : 0;
            }

            if (_channel.Reader.Count != 0)
            {
                StartLane();
            }

            if (batch.Length == 0)
            {
                underWay.Remove(batch);
                return;
            }

            try
            {
                if (Array.Exists(batch, static record => record.Start is { IsCompleted: false }))
                {
                    await WhenStartedAsync(batch).ConfigureAwait(false);
                }

                long taken = health.Taken;
                health.CountFirstCall();
                Exception? result = await calls.CallAsync(batch, out DeliveryBatch? called, out Activity? activity).ConfigureAwait(false);
                if (calls.Settle(batch, result, called, activity) is { } fault)
                {
                    await (ReferenceEquals(fault, SinkCalls.Declined) ? DeliverOneByOneAsync(batch) : failed.TakeAsync(batch, fault, taken))
                        .ConfigureAwait(false);
                }
            }
            catch (Exception unexpected)
            {
                calls.GiveUp(Array.FindAll(batch, static record => !record.IsEnded), DropReason.Failed, unexpected);
            }

            underWay.Remove(batch);
            lock (_gate)
            {
                _filling++;
            }
        }
    }

    // Waits for more records, until the batch is full, has waited long enough, or the tracker stops.
    private async Task<QueuedRecord[]> FillAsync(QueuedRecord[] batch)
    {
        if (batch.Length == limits.MaxBatchSize || stop.Stopping.IsCancellationRequested)
        {
            return batch;
        }

        var filling = new List<QueuedRecord>(batch);
        using var delay = new CancellationTokenSource(limits.MaxBatchDelay, time);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(delay.Token, stop.Stopping);
        try
        {
            while (filling.Count < limits.MaxBatchSize && await _channel.Reader.WaitToReadAsync(ends.Token).ConfigureAwait(false))
            {
                filling.AddRange(Take(limits.MaxBatchSize - filling.Count));
            }
        }
        catch (OperationCanceledException)
        {
            // The batch has waited long enough.
        }

        return [.. filling];
    }

    private QueuedRecord[] Take(int size)
    {
        int ready = Math.Min(size, _channel.Reader.Count);
        QueuedRecord[] batch = ready == 0 ? [] : new QueuedRecord[ready];
        int length = 0;
        while (length < batch.Length && _channel.Reader.TryRead(out QueuedRecord? record))
        {
            batch[length++] = record;
        }

        return length == batch.Length ? batch : batch[..length];
    }

    private async Task DeliverOneByOneAsync(QueuedRecord[] batch)
    {
        foreach (QueuedRecord record in batch)
        {
            long taken = health.Taken;
            health.CountFirstCall();
            if (await calls.DeliverAsync([record]).ConfigureAwait(false) is { } fault)
            {
                await failed.TakeAsync([record], fault, taken).ConfigureAwait(false);
            }
        }
    }

    // A sink gets a response's start before its record, unless the start call hangs.
    private async Task WhenStartedAsync(QueuedRecord[] batch) =>
        await Task.WhenAll(batch.Select(static record => record.Start ?? Task.CompletedTask))
            .WaitAsync(limits.StartTimeout, time, batch[0].Abandoned).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
