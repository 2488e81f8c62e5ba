using System.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>
/// The threads on which the calls of one thing that is not ours begin: of a sink, of a logger. A call that blocks takes one of them and none of the thread pool, which readers live on. They are few, made when they are
/// needed and gone when they are not: calls that return at once are served by one thread, and another joins in where a call has waited for a moment.
/// </summary>
internal sealed class CallThreads
{
    /// <summary>How many calls may block at once; further ones wait for them.</summary>
    public const int MaxThreads = 16;

    /// <summary>How many calls there are at most: those that wait, are under way, or were left alone and have not ended.</summary>
    public const int MaxCalls = 10_000;

    // A thread that is at work on a busy machine is not taken for one that blocks.
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(20), MaxIdle = TimeSpan.FromSeconds(5);

    [ThreadStatic]
    private static CallThreads? _returning;

    private readonly object _gate = new();
    private readonly LinkedList<GuardedCall> _waiting = new();
    private int _calls, _threads, _idle;
    private long _turns, _busyTurn; // The turn of the thread that took a call last, while it is in the call: it is expected back in a moment. 0 where none is.
    private bool _isWatched; // Whether a thread is looking after what waits.

    /// <summary>Has a call begin as soon as there is a thread for it; false where there are too many.</summary>
    public bool TryAdd(GuardedCall call)
    {
        if (Interlocked.Increment(ref _calls) > MaxCalls)
        {
            Ended();
            return false;
        }

        bool isNew;
        lock (_gate)
        {
            call.WaitsSince = Stopwatch.GetTimestamp();
            call.Waiting = _waiting.AddLast(call);
            isNew = !ReferenceEquals(_returning, this) && (!_isWatched || _busyTurn == 0) && Wake();
        }

        if (isNew)
        {
            StartThread();
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

    // Whether a thread is to be made.
    private bool Wake()
    {
        if (_idle != 0 || _isWatched)
        {
            Monitor.Pulse(_gate);
            return false;
        }

        bool mayMake = _threads < MaxThreads;
        _threads += mayMake ? 1 : 0;
        return mayMake;
    }

    private void StartThread()
    {
        try
        {
            new Thread(static threads => ((CallThreads)threads!).Serve()) { IsBackground = true, Name = "StreamUsage" }.UnsafeStart(this);
        }
        catch (Exception)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static threads => threads.Serve(), this, preferLocal: false); // A system that has no thread left must not cost a record.
        }
    }

    private void Serve()
    {
        for (long turn = 0; Next(ref turn) is { } call;)
        {
            call.Invoke();
            _returning = this; // What follows is ours and short: who adds a call now comes back for it.
            call.Settle();
            _returning = null;
        }
    }

    private GuardedCall? Next(ref long turn)
    {
        GuardedCall? call;
        bool isNew;
        lock (_gate)
        {
            bool isBack = turn != 0;
            if (turn == _busyTurn)
            {
                _busyTurn = 0;
            }

            call = WaitForNext(isBack);
            if (call is null)
            {
                _threads--;
                return null;
            }

            turn = _busyTurn = ++_turns;
            isNew = _waiting.Count != 0 && !_isWatched && Wake();
        }

        if (isNew)
        {
            StartThread();
        }

        return call;
    }

    // Who has been idle leaves what waits to the thread that is at work, for a moment. Null where nothing has come for long.
    private GuardedCall? WaitForNext(bool isBack)
    {
        while (true)
        {
            if (_waiting.First is { } first && (isBack || _busyTurn == 0 || Stopwatch.GetElapsedTime(first.Value.WaitsSince) >= Moment))
            {
                Take(first);
                return first.Value;
            }

            isBack = false;
            if (_waiting.Count != 0 && !_isWatched)
            {
                _isWatched = true;
                Monitor.Wait(_gate, Moment);
                _isWatched = false;
                continue;
            }

            _idle++;
            bool isWoken = Monitor.Wait(_gate, MaxIdle);
            _idle--;
            if (!isWoken && _waiting.Count == 0)
            {
                return null;
            }
        }
    }

    private void Take(LinkedListNode<GuardedCall> node)
    {
        node.Value.Waiting = null;
        _waiting.Remove(node);
    }
}
