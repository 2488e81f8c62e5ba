using System.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Makes time-limited calls into user code, on the thread pool and in an empty execution context.</summary>
internal sealed class SinkCaller(TimeSpan timeout, TimeProvider time)
{
    /// <summary>The most abandoned calls that may still run. Each may block a thread forever.</summary>
    public const int MaxAbandonedCalls = 64;

    private int _abandoned;

    /// <summary>Makes one call. Never throws.</summary>
    /// <returns>The failure; null if the call succeeded.</returns>
    public async Task<Exception?> CallAsync<T>(Func<T, CancellationToken, ValueTask> call, T argument, Activity? activity,
        CancellationToken abandoned = default)
    {
        RunningCall running = Start(call, argument, activity, abandoned);
        await running.Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return running.End();
    }

    /// <summary>Starts one call. Its owner awaits <see cref="RunningCall.Ended"/>, then calls
    /// <see cref="RunningCall.End"/>.</summary>
    /// <param name="call">The call. Its token is cancelled at the timeout; a call that ignores it is abandoned.</param>
    /// <param name="argument">The call's argument.</param>
    /// <param name="activity">The activity that the call runs in; null for none.</param>
    /// <param name="abandoned">Abandons the call early.</param>
    public RunningCall Start<T>(
        Func<T, CancellationToken, ValueTask> call, T argument, Activity? activity, CancellationToken abandoned)
    {
        if (Volatile.Read(ref _abandoned) >= MaxAbandonedCalls)
        {
            return new RunningCall(this, null, Task.FromException(new TimeoutException(
                $"{MaxAbandonedCalls} earlier calls have exceeded their time limit and are still running.")));
        }

        var running = new Call<T>(call, argument, activity);
        ThreadPool.UnsafeQueueUserWorkItem(running, preferLocal: false);
        return new RunningCall(this, running, running.Task.WaitAsync(timeout, time, abandoned));
    }

    private void Abandon(Call running)
    {
        Interlocked.Increment(ref _abandoned);
        running.Cancel();
        _ = running.Task.ContinueWith(
            static (task, caller) =>
            {
                _ = task.Exception; // Observed: nobody waits for it any more.
                Interlocked.Decrement(ref ((SinkCaller)caller!)._abandoned);
            },
            this,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    /// <summary>Represents a call that was started, or refused.</summary>
    public readonly struct RunningCall(SinkCaller caller, Call? call, Task ended)
    {
        /// <summary>Gets a task that ends with the call or its time. It may fail.</summary>
        public Task Ended => ended;

        /// <summary>Returns the failure; null if the call succeeded. Abandons a call that still runs.</summary>
        public Exception? End()
        {
            if (call is { Task.IsCompleted: false })
            {
                caller.Abandon(call);
            }

            return ended.IsCanceled ? new TaskCanceledException(ended) : ended.Exception?.InnerException;
        }
    }

    /// <summary>Represents a call that runs, or waits for a thread.</summary>
    public abstract class Call(Activity? activity)
        : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), IThreadPoolWorkItem
    {
        // Not disposed: an abandoned call may still use the token. The source holds no timer.
        private readonly CancellationTokenSource _cancellation = new();

        public void Cancel() => _ = _cancellation.CancelAsync();

        public async void Execute()
        {
            if (_cancellation.IsCancellationRequested)
            {
                SetCanceled();
                return;
            }

            try
            {
                Activity.Current = activity;
                await CallAsync(_cancellation.Token).ConfigureAwait(false);
                SetResult();
            }
            catch (Exception fault)
            {
                SetException(fault);
            }
        }

        protected abstract ValueTask CallAsync(CancellationToken token);
    }

    private sealed class Call<T>(Func<T, CancellationToken, ValueTask> call, T argument, Activity? activity) : Call(activity)
    {
        protected override ValueTask CallAsync(CancellationToken token) => call(argument, token);
    }
}
