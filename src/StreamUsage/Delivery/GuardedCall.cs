using System.Diagnostics.CodeAnalysis;
using System.Threading.Tasks.Sources;

namespace StreamUsage.Delivery;

/// <summary>
/// One call of something that is not ours, on a thread of its <see cref="CallThreads"/> and within the time limit of a <see cref="Watchdog"/>: what throws, blocks or hangs costs its own call and nothing else.
/// A call that has not ended by its limit, waiting for a thread included, is left alone: it may still end, and nobody waits for it. Awaited once.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The token's source has no timer, and a call that is left alone still holds its token.")]
internal abstract class GuardedCall(CallThreads threads) : IValueTaskSource<Exception?>
{
    // Not reused: a sink may keep the token after its call.
    private readonly CancellationTokenSource _cancellation = new();
    private ManualResetValueTaskSourceCore<Exception?> _end;
    private Watchdog? _watchdog;
    private CancellationTokenRegistration _abandoning;
    private Task? _underWay;
    private Exception? _fault;
    private int _hasEnded;

    /// <summary>Its neighbours among the calls that are under way, and when it began: the watchdog's.</summary>
    public GuardedCall? Older { get; set; }

    public GuardedCall? Newer { get; set; }

    public long Since { get; set; }

    /// <summary>Its place among the calls that wait for a thread, null where it does not, and since when: the threads'.</summary>
    public LinkedListNode<GuardedCall>? Waiting { get; set; }

    public long WaitsSince { get; set; }

    /// <summary>Why the call has failed, once it has ended; null where it has not failed.</summary>
    public ValueTask<Exception?> Ended => new(this, _end.Version);

    /// <summary>Begins the call. What the caller's context carries is not the call's.</summary>
    public void Start(Watchdog watchdog)
    {
        _watchdog = watchdog;
        watchdog.Add(this);
        if (!threads.TryAdd(this))
        {
            End(new TooManyCallsException());
        }
    }

    /// <summary>Makes the call, and waits for it no longer than a token allows.</summary>
    public ValueTask<Exception?> RunAsync(Watchdog watchdog, CancellationToken abandoned = default)
    {
        // First, so that the call's end finds it and takes it back, however soon that is.
        _abandoning = abandoned.UnsafeRegister(static call => ((GuardedCall)call!).Abandon(new OperationCanceledException()), this);
        if (Volatile.Read(ref _hasEnded) == 0)
        {
            Start(watchdog);
        }

        return Ended;
    }

    /// <summary>Nobody waits for the call any longer.</summary>
    public void Abandon(Exception reason)
    {
        if (TryEnd())
        {
            if (!IsMadeLate)
            {
                threads.Remove(this);
            }

            _ = _cancellation.CancelAsync();
            _end.RunContinuationsAsynchronously = true;
            OnEnded(reason);
            _end.SetResult(reason);
        }
    }

    /// <summary>Makes the call, on this thread.</summary>
    public void Invoke()
    {
        if (!IsMadeLate && Volatile.Read(ref _hasEnded) != 0)
        {
            return;
        }

        try
        {
            ValueTask call = InvokeAsync(_cancellation.Token);
            if (call.IsCompleted)
            {
                call.GetAwaiter().GetResult();
            }
            else
            {
                _underWay = call.AsTask();
            }
        }
        catch (Exception fault)
        {
            _fault = fault;
        }
    }

    /// <summary>Ends the call where it has ended already, else when it does.</summary>
    public void Settle()
    {
        if (_underWay is { } call)
        {
            _ = FollowAsync(call);
        }
        else
        {
            threads.Ended();
            End(_fault);
        }
    }

    Exception? IValueTaskSource<Exception?>.GetResult(short token) => _end.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<Exception?>.GetStatus(short token) => _end.GetStatus(token);

    void IValueTaskSource<Exception?>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => _end.OnCompleted(continuation, state, token, flags);

    /// <summary>Whether a call that was left alone before it began is made all the same.</summary>
    protected virtual bool IsMadeLate => false;

    /// <summary>The call has ended, or is left alone.</summary>
    /// <param name="fault">Why it has failed; null where it has not.</param>
    protected virtual void OnEnded(Exception? fault)
    {
    }

    /// <summary>The call itself.</summary>
    protected abstract ValueTask InvokeAsync(CancellationToken cancellationToken);

    private async Task FollowAsync(Task call)
    {
        try
        {
            await call.ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            _fault = fault;
        }

        threads.Ended();
        End(_fault);
    }

    private void End(Exception? fault)
    {
        if (TryEnd())
        {
            OnEnded(fault);
            _end.SetResult(fault);
        }
    }

    private bool TryEnd()
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) != 0)
        {
            return false;
        }

        _watchdog?.Remove(this);
        _abandoning.Unregister();
        return true;
    }
}
