using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Tasks.Sources;

namespace StreamUsage.Delivery;

/// <summary>Makes time-limited calls into user code, on the thread pool and in an empty execution context.</summary>
/// <remarks>A call's object and timer serve the next call, unless the call was abandoned. With a task and
/// <c>Task.WaitAsync</c> for each call, a record would allocate 350 bytes more (benchmark <c>stream</c>).</remarks>
internal sealed class SinkCaller(TimeSpan timeout, TimeProvider time)
{
    /// <summary>The most abandoned calls that may still run. At the limit, further calls fail at once: each may block a
    /// thread forever.</summary>
    public const int MaxAbandonedCalls = 64;

    private readonly TimeSpan _timeout = timeout;
    private readonly TimeProvider _time = time;
    private readonly ConcurrentQueue<Call> _idle = new();
    private int _abandoned;

    /// <summary>Makes one call. Never throws.</summary>
    /// <param name="call">The call. Its token is cancelled at the timeout; a call that ignores it is abandoned.</param>
    /// <param name="argument">The call's argument.</param>
    /// <param name="activity">The activity that the call runs in; null for none.</param>
    /// <param name="abandoned">Abandons the call early. The result is then a
    /// <see cref="TaskCanceledException"/>.</param>
    /// <returns>The failure, a <see cref="TimeoutException"/> at a limit; null if the call succeeded. Await it
    /// once.</returns>
    public ValueTask<Exception?> CallAsync(
        Func<object, CancellationToken, ValueTask> call, object argument, Activity? activity, CancellationToken abandoned = default)
    {
        if (Volatile.Read(ref _abandoned) >= MaxAbandonedCalls)
        {
            return new(new TimeoutException(
                $"{MaxAbandonedCalls} earlier calls have exceeded their time limit and are still running."));
        }

        return (_idle.TryDequeue(out Call? idle) ? idle : new Call(this)).Start(call, argument, activity, abandoned);
    }

    /// <summary>Represents a call that runs, or waits for a thread.</summary>
    private sealed class Call : IThreadPoolWorkItem, IValueTaskSource<Exception?>
    {
        private readonly SinkCaller _caller;
        private readonly ITimer _timer;
        private ManualResetValueTaskSourceCore<Exception?> _result = new() { RunContinuationsAsynchronously = true };
        private Func<object, CancellationToken, ValueTask>? _call;
        private object? _argument;
        private Activity? _activity;
        private CancellationTokenSource _cancellation = new();
        private CancellationTokenRegistration _registration;
        private long _startedAt;
        private int _state; // Odd while a call runs. It never repeats, so that a late timeout cannot end a later call.
        private bool _isAbandoned;

        public Call(SinkCaller caller)
        {
            _caller = caller;
            _timer = caller._time.CreateTimer(
                static call => ((Call)call!).TimeOut(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public ValueTask<Exception?> Start(
            Func<object, CancellationToken, ValueTask> call, object argument, Activity? activity, CancellationToken abandoned)
        {
            (_call, _argument, _activity) = (call, argument, activity);
            _cancellation = new CancellationTokenSource(); // Not disposed, nor used again: a call may keep its token.
            _startedAt = _caller._time.GetTimestamp();
            Interlocked.Increment(ref _state);
            _timer.Change(_caller._timeout, Timeout.InfiniteTimeSpan);
            _registration = abandoned.UnsafeRegister(
                static call => ((Call)call!).Abandon(((Call)call)._state, new TaskCanceledException()), this);
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            return new ValueTask<Exception?>(this, _result.Version);
        }

        public async void Execute()
        {
            int call = Volatile.Read(ref _state);
            Exception? fault = null;
            try
            {
                if (call % 2 != 0) // Else it was abandoned before it had a thread.
                {
                    Activity.Current = _activity;
                    await _call!(_argument!, _cancellation.Token).ConfigureAwait(false);
                }
            }
            catch (Exception caught)
            {
                fault = caught;
            }

            if (TryEnd(call))
            {
                _result.SetResult(fault);
            }
            else
            {
                Interlocked.Decrement(ref _caller._abandoned);
            }
        }

        public ValueTaskSourceStatus GetStatus(short token) => _result.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _result.OnCompleted(continuation, state, token, flags);

        public Exception? GetResult(short token)
        {
            Exception? fault = _result.GetResult(token);
            _registration.Dispose();
            if (_isAbandoned)
            {
                _timer.Dispose();
                return fault;
            }

            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            (_call, _argument, _activity) = (null, null, null);
            _result.Reset();
            _caller._idle.Enqueue(this);
            return fault;
        }

        // A tick of an earlier call comes soon after this one began: it is ignored. Half the timeout, because the timer
        // and the clock need not agree.
        private void TimeOut()
        {
            int call = Volatile.Read(ref _state);
            if (_caller._time.GetElapsedTime(_startedAt) > _caller._timeout / 2)
            {
                Abandon(call, new TimeoutException());
            }
        }

        private void Abandon(int call, Exception fault)
        {
            if (TryEnd(call))
            {
                _isAbandoned = true;
                Interlocked.Increment(ref _caller._abandoned);
                _ = _cancellation.CancelAsync();
                _result.SetResult(fault);
            }
        }

        private bool TryEnd(int call) => call % 2 != 0 && Interlocked.CompareExchange(ref _state, call + 1, call) == call;
    }
}
