using System.Threading.Channels;

namespace StreamUsage.Delivery;

/// <summary>The bounded queue before one sink.</summary>
internal sealed class SinkQueue
{
    private readonly BackgroundDeliveryOptions _options;
    private readonly Channel<QueuedRecord> _channel;
    private readonly SteadyTime _time;
    private readonly QueueReader[] _readers;
    private readonly TaskCompletionSource _noneWaits = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isStopping;
    private int _waiting;

    public SinkQueue(Destination destination, BackgroundDeliveryOptions options, SteadyTime time, Func<ChannelReader<QueuedRecord>, QueueReader> makeReader)
    {
        Destination = destination;
        _options = options;
        _time = time;
        _channel = Channel.CreateBounded<QueuedRecord>(options.Capacity);
        _readers = [.. Enumerable.Range(0, options.MaxConcurrentBatches).Select(_ => makeReader(_channel.Reader))];

        // What the maker's context carries is not the sink's.
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            Emptied = Task.WhenAll(_readers.Select(static reader => Task.Run(reader.RunAsync)));
        }
    }

    public enum Admission
    {
        Queued,
        Full,
        Closed,
    }

    public Destination Destination { get; }

    /// <summary>The queue was closed, and nothing is left in it.</summary>
    public Task Emptied { get; }

    /// <summary>Records that the sink has not taken yet.</summary>
    public int Length => _channel.Reader.Count + _readers.Sum(static reader => reader.Batch.Count);

    /// <summary>How long the oldest of them has waited; zero where there is none.</summary>
    public TimeSpan OldestAge
    {
        get
        {
            long now = _time.GetTimestamp();
            long oldest = _channel.Reader.TryPeek(out QueuedRecord next) ? next.Since : now;
            foreach (QueueReader reader in _readers)
            {
                oldest = Math.Min(oldest, reader.Batch.Since ?? now);
            }

            return _time.GetElapsedTime(oldest, now);
        }
    }

    /// <summary>Puts a record into the queue, at once where there is room: records come into it in the order of these calls.</summary>
    public ValueTask<Admission> AddAsync(UsageRecord record, StartCall? start)
    {
        var queued = new QueuedRecord(record, start, _time.GetTimestamp());
        return _channel.Writer.TryWrite(queued) ? new ValueTask<Admission>(Admission.Queued) : WaitAsync(queued);
    }

    /// <summary>Completes when no record waits for room, once that was asked.</summary>
    public Task WhenNoneWaits()
    {
        Volatile.Write(ref _isStopping, true);
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _waiting) == 0)
        {
            _noneWaits.TrySetResult();
        }

        return _noneWaits.Task;
    }

    public void Close() => _channel.Writer.TryComplete();

    // As many may wait as the queue holds: what is in memory stays bounded.
    private async ValueTask<Admission> WaitAsync(QueuedRecord queued)
    {
        try
        {
            bool mayWait = Interlocked.Increment(ref _waiting) <= _options.Capacity;
            using var limit = new CancellationTokenSource(mayWait ? _options.FullQueueTimeout : TimeSpan.Zero, _time);
            await _channel.Writer.WriteAsync(queued, limit.Token).ConfigureAwait(false);
            return Admission.Queued;
        }
        catch (OperationCanceledException)
        {
            return Admission.Full;
        }
        catch (ChannelClosedException)
        {
            return Admission.Closed;
        }
        finally
        {
            if (Interlocked.Decrement(ref _waiting) == 0 && Volatile.Read(ref _isStopping))
            {
                _noneWaits.TrySetResult();
            }
        }
    }
}
