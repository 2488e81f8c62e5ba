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

        // Not disposed: an abandoned call may still use the token. The source holds no timer.
        var cancellation = new CancellationTokenSource();
        Task running = Task.Run(RunAsync, CancellationToken.None);
        try
        {
            await running.WaitAsync(timeout, time, abandoned).ConfigureAwait(false);
            return null;
        }
        catch (Exception fault)
        {
            if (!running.IsCompleted)
            {
                Abandon(running, cancellation);
            }

            return fault;
        }

        async Task RunAsync()
        {
            if (!cancellation.IsCancellationRequested)
            {
                Activity.Current = activity;
                await call(cancellation.Token).ConfigureAwait(false);
            }
        }
    }

    private void Abandon(Task running, CancellationTokenSource cancellation)
    {
        Interlocked.Increment(ref _abandoned);
        _ = cancellation.CancelAsync();
        _ = running.ContinueWith(
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
}
