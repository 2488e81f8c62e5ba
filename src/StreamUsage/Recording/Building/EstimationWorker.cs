namespace StreamUsage.Recording.Building;

/// <summary>Runs estimators and pricing on at most two dedicated threads, so that they take no thread-pool threads.
/// Idle threads end.</summary>
internal sealed class EstimationWorker(TimeSpan timeout, TimeProvider time)
{
    private const string NoThread = "No estimation thread is free.", Stopped = "The tracker is shutting down.";

    private static readonly int MaxThreads = Math.Clamp(Environment.ProcessorCount / 2, 1, 2);
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(10);

    private readonly object _gate = new();
    private readonly Queue<Work> _queue = new();
    private readonly CancellationTokenSource _stop = new();
    private int _threads, _idle, _stuck;

    /// <summary>Runs an item. The timeout starts when the item does.</summary>
    /// <exception cref="TimeoutException">The item took too long, every thread is held by an item that took too long,
    /// or the worker was stopped.</exception>
    public async Task<T> RunAsync<T>(Func<T> work)
    {
        var item = new Work<T>(work);
        Add(item);
        await item.Begun.ConfigureAwait(false);
        try
        {
            return await item.Result.WaitAsync(timeout, time, _stop.Token).ConfigureAwait(false);
        }
        catch (Exception late) when (!item.HasEnded)
        {
            SetStuck(item);
            throw late as TimeoutException ?? new TimeoutException(Stopped, late);
        }
    }

    /// <summary>Runs an item without a timeout. Past the timeout it counts as stuck. If every thread is stuck, waiting
    /// items are refused.</summary>
    /// <param name="work">The item.</param>
    /// <param name="cancellationToken">Cancels the wait, not the item.</param>
    public Task RunAsync(Action work, CancellationToken cancellationToken)
    {
        var item = new Work<bool>(() =>
        {
            work();
            return true;
        });
        Add(item);
        return WaitAsync(item).WaitAsync(cancellationToken);
    }

    /// <summary>Stops the worker: refuses waiting and later items, and stops waiting for running ones.</summary>
    /// <returns>Whether an item was waiting or running.</returns>
    public bool Stop()
    {
        bool hasItems;
        lock (_gate)
        {
            hasItems = _queue.Count != 0 || _threads - _idle > _stuck;
        }

        _stop.Cancel();
        lock (_gate)
        {
            RefuseWaiting(Stopped);
        }

        return hasItems;
    }

    private async Task WaitAsync(Work<bool> item)
    {
        await item.Begun.ConfigureAwait(false);
        await ((Task)item.Result).WaitAsync(timeout, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        SetStuck(item); // Does nothing if the item has ended.
        await item.Result.ConfigureAwait(false);
    }

    private void Add(Work item)
    {
        bool needsThread;
        lock (_gate)
        {
            if (_stuck == MaxThreads || _stop.IsCancellationRequested)
            {
                item.Refuse(_stop.IsCancellationRequested ? Stopped : NoThread);
                return;
            }

            _queue.Enqueue(item);
            Monitor.Pulse(_gate);
            needsThread = _idle < _queue.Count && _threads < MaxThreads;
            _threads += needsThread ? 1 : 0;
        }

        if (needsThread)
        {
            var thread = new Thread(static worker => ((EstimationWorker)worker!).Run())
            {
                IsBackground = true,
                Name = "StreamUsage estimation",
            };
            thread.UnsafeStart(this);
        }
    }

    private void Run()
    {
        while (RunNext())
        {
        }
    }

    // A method of its own: a local variable of Run would keep the last item, and its request, alive while the thread is
    // idle.
    private bool RunNext()
    {
        if (Take() is not { } item)
        {
            return false;
        }

        item.Run();
        lock (_gate)
        {
            _stuck -= item.IsStuck ? 1 : 0;
            item.IsStuck = false;
        }

        return true;
    }

    // Returns null if nothing came for a while: the thread then ends.
    private Work? Take()
    {
        lock (_gate)
        {
            while (_queue.Count == 0)
            {
                _idle++;
                bool isPulsed = Monitor.Wait(_gate, IdleTime);
                _idle--;
                if (!isPulsed && _queue.Count == 0)
                {
                    _threads--;
                    return null;
                }
            }

            return _queue.Dequeue();
        }
    }

    // If no thread is left, waiting items are refused, as they might never begin.
    private void SetStuck(Work item)
    {
        lock (_gate)
        {
            if (item.HasEnded)
            {
                return;
            }

            item.IsStuck = true;
            if (++_stuck == MaxThreads)
            {
                RefuseWaiting(NoThread);
            }
        }
    }

    private void RefuseWaiting(string reason)
    {
        while (_queue.TryDequeue(out Work? waiting))
        {
            waiting.Refuse(reason);
        }
    }

    private abstract class Work
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Gets a task that completes when the item begins, or fails if it is refused.</summary>
        public Task Begun => _begun.Task;

        /// <summary>Gets or sets whether the item took longer than the timeout, and still runs.</summary>
        public bool IsStuck { get; set; }

        public abstract bool HasEnded { get; }

        public void Run()
        {
            _begun.SetResult();
            Execute();
        }

        public void Refuse(string reason) => _begun.SetException(new TimeoutException(reason));

        protected abstract void Execute();
    }

    private sealed class Work<T>(Func<T> work) : Work
    {
        private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Result => _result.Task;

        public override bool HasEnded => _result.Task.IsCompleted;

        protected override void Execute()
        {
            try
            {
                _result.SetResult(work());
            }
            catch (Exception fault)
            {
                _result.SetException(fault);
            }
        }
    }
}
