using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace StreamUsage.Recording;

/// <summary>Runs estimators and pricing on at most two dedicated threads, so that they take no thread-pool threads.
/// Idle threads end.</summary>
internal sealed class EstimationWorker(TimeSpan timeout, TimeProvider time)
{
    private static readonly int MaxThreads = Math.Clamp(Environment.ProcessorCount / 2, 1, 2);
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(10);

    private readonly object _gate = new();
    private readonly BlockingCollection<Work> _queue = [];
    private readonly CancellationTokenSource _hurry = new();
    private int _threads, _idle, _stuck;

    /// <summary>Runs an item. The timeout starts when the item does.</summary>
    /// <exception cref="TimeoutException">The item took too long, or no thread was free in time.</exception>
    public async Task<T> RunAsync<T>(Func<T> work)
    {
        var item = new Work<T>(work);
        Add(item);
        await item.Begun.ConfigureAwait(false);
        try
        {
            return await item.Result.WaitAsync(timeout, time, _hurry.Token).ConfigureAwait(false);
        }
        catch (Exception late) when (!item.Result.IsCompleted)
        {
            SetStuck(item);
            throw late as TimeoutException ?? new TimeoutException("The tracker is shutting down.", late);
        }
    }

    /// <summary>Runs an item without a timeout.</summary>
    public async Task RunAsync(Action work, CancellationToken cancellationToken)
    {
        var item = new Work<bool>(() =>
        {
            work();
            return true;
        });
        Add(item);
        await item.Begun.WaitAsync(cancellationToken).ConfigureAwait(false);
        await item.Result.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Refuses waiting items, and stops waiting for running ones.</summary>
    public void Hurry()
    {
        _hurry.Cancel();
        lock (_gate)
        {
            RefuseWaiting();
        }
    }

    private void Add(Work item)
    {
        bool needsThread;
        lock (_gate)
        {
            if (_stuck == MaxThreads || _hurry.IsCancellationRequested)
            {
                item.Refuse();
                return;
            }

            _queue.Add(item);
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
        while (TryTake(out Work? item))
        {
            item.Run();
            lock (_gate)
            {
                _stuck -= item.IsStuck ? 1 : 0;
                item.IsStuck = false;
            }
        }
    }

    private bool TryTake([NotNullWhen(true)] out Work? item)
    {
        lock (_gate)
        {
            _idle++;
        }

        bool isTaken = _queue.TryTake(out item, IdleTime);
        lock (_gate)
        {
            _idle--;
            isTaken = isTaken || _queue.TryTake(out item);
            _threads -= isTaken ? 0 : 1;
        }

        return isTaken;
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
                RefuseWaiting();
            }
        }
    }

    private void RefuseWaiting()
    {
        while (_queue.TryTake(out Work? waiting))
        {
            waiting.Refuse();
        }
    }

    private abstract class Work
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Gets a task that completes when the item begins, or is refused.</summary>
        public Task Begun => _begun.Task;

        public bool IsStuck { get; set; }

        public bool HasEnded { get; protected set; }

        public void Run()
        {
            _begun.SetResult();
            Execute();
        }

        public void Refuse() => _begun.SetException(new TimeoutException("No estimation thread is free in time."));

        protected abstract void Execute();
    }

    private sealed class Work<T>(Func<T> work) : Work
    {
        private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Result => _result.Task;

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

            HasEnded = true;
        }
    }
}
