using System.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Makes time-limited calls into user code, on the thread pool and in an empty execution context.</summary>
internal sealed class SinkCaller(TimeSpan timeout, TimeProvider time)
{
    /// <summary>The most abandoned calls that may still run. Each may block a thread forever.</summary>
    public const int MaxAbandonedCalls = 64;

    private int _abandoned;

    /// <summary>Makes one call. Never throws.</summary>
    /// <param name="call">The call. Its token is cancelled at the timeout; a call that ignores it is abandoned.</param>
    /// <param name="activity">The activity that the call runs in; null for none.</param>
    /// <param name="abandoned">Abandons the call early.</param>
    /// <returns>The failure; null if the call succeeded.</returns>
    public async Task<Exception?> CallAsync(
        Func<CancellationToken, ValueTask> call, Activity? activity = null, CancellationToken abandoned = default)
    {
        if (Volatile.Read(ref _abandoned) >= MaxAbandonedCalls)
        {
            return new TimeoutException($"{MaxAbandonedCalls} earlier calls have exceeded their time limit and are still running.");
        }

        var running = new Call(call, activity);
        ThreadPool.UnsafeQueueUserWorkItem(running, preferLocal: false);
        try
        {
            await running.Task.WaitAsync(timeout, time, abandoned).ConfigureAwait(false);
            return null;
        }
        catch (Exception fault)
        {
            if (!running.Task.IsCompleted)
            {
                Abandon(running);
            }

            return fault;
        }
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

    /// <summary>Represents a call that runs, or waits for a thread.</summary>
    private sealed class Call(Func<CancellationToken, ValueTask> call, Activity? activity)
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
                await call(_cancellation.Token).ConfigureAwait(false);
                SetResult();
            }
            catch (Exception fault)
            {
                SetException(fault);
            }
        }
    }
}
