using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace StreamUsage.Delivery;

/// <summary>
/// Where the calls of one thing that is not ours begin: of a sink, of a logger. Those that return at once are made one after the other by one work item of the thread pool, which readers live on. Where one blocks,
/// threads of their own make the calls that have waited for a moment, until none waits: the pool loses one thread to what blocks, and no more.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The timer is due only while calls wait.")]
internal sealed class CallThreads : IThreadPoolWorkItem
{
    /// <summary>How many calls may block at once, the pool's among them; further ones wait for them.</summary>
    public const int MaxThreads = 16;

    /// <summary>How many calls there are at most: those that wait, are under way, or were left alone and have not ended.</summary>
    public const int MaxCalls = 10_000;

    // A thread that is at work on a busy machine is not taken for one that blocks.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20);

    private readonly object _gate = new();
    private readonly LinkedList<GuardedCall> _waiting = new();
    private Timer? _watch;
    private bool _isWatched, _isServed; // Whether the timer is due; whether the pool's work item is queued or at work.
    private int _calls, _threads;

    /// <summary>Has a call begin as soon as there is a thread for it; false where there are too many.</summary>
    public bool TryAdd(GuardedCall call)
    {
        if (Interlocked.Increment(ref _calls) > MaxCalls)
        {
            Ended();
            return false;
        }

        bool isServed;
        lock (_gate)
        {
            call.WaitsSince = Stopwatch.GetTimestamp();
            call.Waiting = _waiting.AddLast(call);
            isServed = _isServed;
            _isServed = true;
            if (isServed)
            {
                Watch();
            }
        }

        if (!isServed)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        return true;
    }

    /// <summary>A call that has not begun need not any more.</summary>
    public void Remove(GuardedCall call)
    {
        lock (_gate)
        {
            if (call.Waiting is { } node)
            {
                Take(node);
                Ended();
            }
        }
    }

    /// <summary>A call that has begun has ended, whoever still waited for it.</summary>
    public void Ended() => Interlocked.Decrement(ref _calls);

    void IThreadPoolWorkItem.Execute() => Serve(isPool: true);

    private void Serve(bool isPool)
    {
        while (Next(isPool) is { } call)
        {
            call.Invoke();
            call.Settle();
        }
    }

    // Null where none waits: the thread has then left.
    private GuardedCall? Next(bool isPool)
    {
        lock (_gate)
        {
            if (_waiting.First is not { } first)
            {
                _isServed &= !isPool;
                _threads -= isPool ? 0 : 1;
                return null;
            }

            Take(first);
            Watch();
            return first.Value;
        }
    }

    // Looks in a moment whether what waits now waits still.
    private void Watch()
    {
        if (_waiting.Count != 0 && !_isWatched)
        {
            _isWatched = true;
            _watch ??= CreateWatch();
            _watch.Change(Moment, Timeout.InfiniteTimeSpan);
        }
    }

    // What the caller's context carries is not to live as long as the timer.
    private Timer CreateWatch()
    {
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            return new Timer(static threads => ((CallThreads)threads!).Look(), this, Timeout.Infinite, Timeout.Infinite);
        }
    }

    private void Look()
    {
        bool isNew;
        lock (_gate)
        {
            _isWatched = false;
            isNew = _waiting.First is { } first && Stopwatch.GetElapsedTime(first.Value.WaitsSince) >= Moment && _threads < MaxThreads - 1;
            _threads += isNew ? 1 : 0;
            Watch();
        }

        if (isNew)
        {
            StartThread();
        }
    }

    private void StartThread()
    {
        try
        {
            new Thread(static threads => ((CallThreads)threads!).Serve(isPool: false)) { IsBackground = true, Name = "StreamUsage" }.UnsafeStart(this);
        }
        catch (Exception)
        {
            lock (_gate)
            {
                _threads--; // A system that has no thread left: it may have one when it is looked at again.
            }
        }
    }

    private void Take(LinkedListNode<GuardedCall> node)
    {
        node.Value.Waiting = null;
        _waiting.Remove(node);
    }
}
