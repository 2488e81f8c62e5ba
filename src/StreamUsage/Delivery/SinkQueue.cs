using System.Threading.Channels;
using StreamUsage.Buffers;

namespace StreamUsage.Delivery;

/// <summary>Represents the bounded queue of one sink. Its lanes take a batch, call the sink, and take the next one.
/// They run only while records wait.</summary>
internal sealed class SinkQueue(
    SinkCalls calls, SinkHealth health, FailedRecords failed, DeliveryLimits limits, BufferBudget budget, TimeProvider time,
        DeliveryStop stop)
{
    private readonly Channel<QueuedRecord> _channel = Channel.CreateBounded<QueuedRecord>(limits.Capacity);
    private readonly object _gate = new();
    private readonly HashSet<QueuedRecord> _underWay = []; // Records that a lane has taken, until they have ended.
    private int _lanes, _filling, _waiting;

    public SinkCalls Calls => calls;

    /// <summary>Gets the number of records that the sink does not have yet.</summary>
    public int Length
    {
        get
        {
            lock (_gate)
            {
                return _channel.Reader.Count + Volatile.Read(ref _waiting) + _underWay.Count;
            }
        }
    }

    /// <summary>Gets how long the oldest of them has waited; zero if there is none.</summary>
    public TimeSpan OldestAge
    {
        get
        {
            long now = time.GetTimestamp();
            long oldest = _channel.Reader.TryPeek(out QueuedRecord? next) ? next.Since : now;
            lock (_gate)
            {
                foreach (QueuedRecord record in _underWay)
                {
                    oldest = Math.Min(oldest, record.Since);
                }
            }

            return time.GetElapsedTime(oldest, now);
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

    /// <summary>Adds a record. Returns false if it found no room in time and was dropped.</summary>
    public ValueTask<bool> AddAsync(QueuedRecord record)
    {
        if (!_channel.Writer.TryWrite(record))
        {
            return WaitForRoomAsync(record);
        }

        StartLane();
        return new ValueTask<bool>(true);
    }

    // Records beyond the capacity count against the memory budget of all responses.
    private async ValueTask<bool> WaitForRoomAsync(QueuedRecord record)
    {
        CancellationToken abandoned = record.Abandoned;
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
            calls.GiveUp([record], abandoned.IsCancellationRequested ? DropReason.Shutdown : DropReason.QueueFull, null);
        }

        return isAdded;
    }

    /// <summary>Removes an ended record.</summary>
    public void Remove(QueuedRecord record)
    {
        lock (_gate)
        {
            _underWay.Remove(record);
        }
    }

    // Starts a lane, unless one is about to take the waiting records.
    private void StartLane()
    {
        lock (_gate)
        {
            if (_lanes == limits.MaxConcurrentCalls || (_filling != 0 && _channel.Reader.Count < limits.MaxBatchSize))
            {
                return;
            }

            _lanes++;
            _filling++;
        }

        _ = RunLaneAsync(); // Runs here up to its first call, which is on the thread pool.
    }

    private async Task RunLaneAsync()
    {
        var batch = new List<QueuedRecord>();
        while (true)
        {
            await FillAsync(batch).ConfigureAwait(false);
            bool isLast = batch.Count == 0;
            lock (_gate)
            {
                // Checked under the lock: records added from here on start a lane.
                isLast &= _channel.Reader.Count == 0;
                _filling--;
                _lanes -= isLast ? 1 : 0;
                foreach (QueuedRecord record in batch)
                {
                    _underWay.Add(record);
                }
            }

            if (isLast)
            {
                return;
            }

            if (batch.Count != 0)
            {
                if (_channel.Reader.Count != 0)
                {
                    StartLane();
                }

                QueuedRecord[] records = [.. batch];
                batch.Clear();
                try
                {
                    await DeliverAsync(records).ConfigureAwait(false);
                }
                catch (Exception unexpected)
                {
                    calls.GiveUp(Array.FindAll(records, static record => !record.Task.IsCompleted), DropReason.Failed, unexpected);
                }
            }

            lock (_gate)
            {
                _filling++;
            }
        }
    }

    private async Task FillAsync(List<QueuedRecord> batch)
    {
        int size = calls.TakesBatches ? limits.MaxBatchSize : 1;
        if (Take(batch, size) || batch.Count == 0 || limits.MaxBatchDelay == TimeSpan.Zero || stop.Stopping.IsCancellationRequested)
        {
            return;
        }

        using var delay = new CancellationTokenSource(limits.MaxBatchDelay, time);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(delay.Token, stop.Stopping);
        try
        {
            while (await _channel.Reader.WaitToReadAsync(ends.Token).ConfigureAwait(false) && !Take(batch, size))
            {
                // Stop when the batch is full.
            }
        }
        catch (OperationCanceledException)
        {
            // The batch has waited long enough.
        }
    }

    // Returns whether the batch is full.
    private bool Take(List<QueuedRecord> batch, int size)
    {
        while (batch.Count < size && _channel.Reader.TryRead(out QueuedRecord? record))
        {
            batch.Add(record);
        }

        return batch.Count == size;
    }

    // Returns when the lane may take the next batch.
    private async Task DeliverAsync(QueuedRecord[] batch)
    {
        CancellationToken abandoned = batch[0].Abandoned;
        if (Array.Exists(batch, static record => record.Start is { IsCompleted: false }))
        {
            await WhenStartedAsync(batch, abandoned).ConfigureAwait(false);
        }

        long taken = health.Taken;
        if (batch.Length > 1 && calls.TakesBatches)
        {
            health.CountFirstCall();
            Exception? fault = await calls.DeliverAsync(batch, abandoned).ConfigureAwait(false);
            if (!ReferenceEquals(fault, SinkCalls.Declined))
            {
                await (fault is null ? Task.CompletedTask : failed.TakeAsync(batch, fault, taken)).ConfigureAwait(false);
                return;
            }
        }

        foreach (QueuedRecord record in batch)
        {
            taken = health.Taken;
            health.CountFirstCall();
            if (await calls.DeliverAsync(batch.Length == 1 ? batch : [record], abandoned).ConfigureAwait(false) is { } fault)
            {
                await failed.TakeAsync(batch.Length == 1 ? batch : [record], fault, taken).ConfigureAwait(false);
            }
        }
    }

    // A sink gets a response's start before its record, unless the start call hangs.
    private async Task WhenStartedAsync(QueuedRecord[] batch, CancellationToken abandoned) =>
        await Task.WhenAll(batch.Select(static record => record.Start ?? Task.CompletedTask))
            .WaitAsync(limits.StartTimeout, time, abandoned).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
