using System.Diagnostics;
using System.Threading.Channels;
using StreamUsage.Buffers;

namespace StreamUsage.Delivery;

/// <summary>Represents the bounded queue of one sink. Lanes empty it: each dequeues a batch, calls the sink, and
/// dequeues the next one. They run only while records wait.</summary>
internal sealed class SinkQueue(
    SinkCalls calls, SinkHealth health, FailedRecords failed, BatchesUnderWay underWay, DeliveryLimits limits, BufferBudget budget,
        TimeProvider time, DeliveryStop stop)
{
    private readonly Channel<QueuedRecord> _channel = Channel.CreateBounded<QueuedRecord>(limits.Capacity);
    private readonly object _gate = new();
    private int _lanes, _readingLanes; // All, and those that are about to dequeue or to add to their batch.
    private int _waitingWriters;

    public SinkCalls Calls => calls;

    /// <summary>Gets the number of records that the sink does not have yet.</summary>
    public int Length => _channel.Reader.Count + Volatile.Read(ref _waitingWriters) + underWay.Count;

    /// <summary>Gets how long the oldest of them has waited; zero if there is none.</summary>
    public TimeSpan OldestAge
    {
        get
        {
            long next = _channel.Reader.TryPeek(out QueuedRecord? record) ? record.Since : long.MaxValue;
            long oldest = Math.Min(next, underWay.Oldest);
            long now = time.GetTimestamp(); // Read last: a record that comes in between would have a negative age.
            return time.GetElapsedTime(Math.Min(oldest, now), now);
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

    /// <summary>Adds a record. Returns false if it was dropped and has ended: it found no room in time, the memory
    /// budget is used up, or a shutdown dropped it.</summary>
    public Task<bool> AddAsync(QueuedRecord record)
    {
        if (!_channel.Writer.TryWrite(record))
        {
            return WaitForRoomAsync(record);
        }

        StartLane();
        return Task.FromResult(true); // A cached task.
    }

    // A record beyond the capacity counts against the memory budget of all responses, and waits for a limited time. A
    // record in the outbox does neither: OutboxDelivery limits how many of them are in memory.
    private async Task<bool> WaitForRoomAsync(QueuedRecord record)
    {
        CancellationToken abandoned = record.Abandoned;
        long size = record.IsStored ? 0 : RecordSize.Of(record.Record);
        bool isAdded = false;
        if (record.IsStored || budget.TryTake(size))
        {
            Interlocked.Increment(ref _waitingWriters);
            try
            {
                using var limit = new CancellationTokenSource(record.IsStored ? Timeout.InfiniteTimeSpan : limits.FullQueueTimeout, time);
                using var ends = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, abandoned);
                await _channel.Writer.WriteAsync(record, ends.Token).ConfigureAwait(false);
                isAdded = true;
                StartLane();
            }
            catch (OperationCanceledException)
            {
                // There was no room in time, or a shutdown.
            }
            finally
            {
                Interlocked.Decrement(ref _waitingWriters);
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

    // Starts a lane, unless one reads the queue. A lane checks the queue again after it stops reading. So either the
    // lane sees a new record, or the record's writer sees that no lane reads.
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
            _readingLanes++;
        }

        _ = RunLaneAsync(); // Runs here until it first waits.
    }

    private bool NeedsLane() => Volatile.Read(ref _readingLanes) == 0 && Volatile.Read(ref _lanes) < limits.MaxConcurrentCalls;

    // Never throws.
    private async Task RunLaneAsync()
    {
        while (true)
        {
            QueuedRecord[] batch = Dequeue(calls.SupportsBatches ? limits.MaxBatchSize : 1);
            if (batch.Length != 0 && limits.MaxBatchDelay != TimeSpan.Zero && calls.SupportsBatches)
            {
                batch = await FillAsync(batch).ConfigureAwait(false);
            }

            lock (_gate)
            {
                _readingLanes--;
                _lanes -= batch.Length == 0 ? 1 : 0;
            }

            if (_channel.Reader.Count != 0)
            {
                StartLane();
            }

            if (batch.Length == 0)
            {
                return;
            }

            try
            {
                if (Array.Exists(batch, static record => record.Start is { IsCompleted: false }))
                {
                    await WhenStartedAsync(batch).ConfigureAwait(false);
                }

                long successes = health.Successes;
                health.CountFirstCall();
                Exception? result = await calls.CallAsync(batch, out DeliveryBatch? call, out Activity? activity).ConfigureAwait(false);
                if (calls.Settle(batch, result, call, activity) is { } fault)
                {
                    await (ReferenceEquals(fault, SinkCalls.Declined)
                        ? DeliverOneByOneAsync(batch) : failed.RetryAsync(batch, fault, successes)).ConfigureAwait(false);
                }
            }
            catch (Exception unexpected)
            {
                calls.GiveUp(batch, DropReason.Failed, unexpected);
            }

            underWay.Remove(batch);
            lock (_gate)
            {
                _readingLanes++;
            }
        }
    }

    // Adds records until the batch is full, its delay is over, or the tracker stops.
    private async Task<QueuedRecord[]> FillAsync(QueuedRecord[] batch)
    {
        int missing = limits.MaxBatchSize - batch.Length;
        if (missing == 0 || stop.Stopping.IsCancellationRequested)
        {
            return batch;
        }

        List<QueuedRecord[]> parts = [batch];
        using var delay = new CancellationTokenSource(limits.MaxBatchDelay, time);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(delay.Token, stop.Stopping);
        try
        {
            for (; missing > 0 && await _channel.Reader.WaitToReadAsync(ends.Token).ConfigureAwait(false); missing -= parts[^1].Length)
            {
                parts.Add(Dequeue(missing));
            }
        }
        catch (OperationCanceledException)
        {
            // The batch is sent as it is.
        }

        QueuedRecord[] whole = [.. parts.SelectMany(static part => part)];
        underWay.Add(whole);
        parts.ForEach(underWay.Remove);
        return whole;
    }

    // The batch is under way from here on. An empty one is not.
    private QueuedRecord[] Dequeue(int size)
    {
        int ready = Math.Min(size, _channel.Reader.Count);
        QueuedRecord[] batch = ready == 0 ? [] : new QueuedRecord[ready];
        int length = 0;
        while (length < batch.Length && _channel.Reader.TryRead(out QueuedRecord? record))
        {
            batch[length++] = record;
        }

        batch = length == batch.Length ? batch : batch[..length];
        if (length != 0)
        {
            underWay.Add(batch);
        }

        return batch;
    }

    private async Task DeliverOneByOneAsync(QueuedRecord[] batch)
    {
        foreach (QueuedRecord record in batch)
        {
            long successes = health.Successes;
            health.CountFirstCall();
            if (await calls.DeliverAsync([record]).ConfigureAwait(false) is { } fault)
            {
                await failed.RetryAsync([record], fault, successes).ConfigureAwait(false);
            }
        }
    }

    // A sink gets the start of a response before its record, unless the start call hangs.
    private async Task WhenStartedAsync(QueuedRecord[] batch) =>
        await Task.WhenAll(batch.Select(static record => record.Start ?? Task.CompletedTask))
            .WaitAsync(limits.StartTimeout, time, batch[0].Abandoned).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
