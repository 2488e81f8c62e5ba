using Polly;
using Polly.Retry;

namespace StreamUsage.Delivery;

/// <summary>How often a call that fails is made again, with pauses that grow exponentially and are never the same for two callers.</summary>
internal sealed class RetryPlan
{
    private readonly ResiliencePipeline<bool>? _pipeline; // The result is whether the call has succeeded.

    /// <param name="maxAttempts">How often a call is made at most, the first time included.</param>
    /// <param name="pause">The pause after the first attempt; about twice as long after each further one.</param>
    /// <param name="maxPause">No pause is longer.</param>
    /// <param name="time">The clock.</param>
    public RetryPlan(int maxAttempts, TimeSpan pause, TimeSpan maxPause, TimeProvider time)
    {
        if (maxAttempts > 1)
        {
            _pipeline = new ResiliencePipelineBuilder<bool> { TimeProvider = time }.AddRetry(new RetryStrategyOptions<bool>
            {
                ShouldHandle = static attempt => new ValueTask<bool>(!attempt.Outcome.Result),
                MaxRetryAttempts = maxAttempts - 1,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = pause,
                MaxDelay = maxPause,
            }).Build();
        }
    }

    /// <summary>A call is made once.</summary>
    public static RetryPlan None { get; } = new(1, TimeSpan.Zero, TimeSpan.Zero, TimeProvider.System);

    /// <summary>Goes on after a first attempt that has failed. Never throws.</summary>
    /// <param name="first">Why it has failed.</param>
    /// <param name="attempt">Makes the call once more; the result is why it has failed, else null.</param>
    /// <param name="cancellationToken">Ends the trying.</param>
    /// <returns>Why the last attempt has failed, null where it has not, and how many there were.</returns>
    public async ValueTask<(Exception? Fault, int Attempts)> GoOnAsync(Exception first, Func<ValueTask<Exception?>> attempt, CancellationToken cancellationToken = default)
    {
        int attempts = 0;
        Exception? fault = first;
        if (_pipeline is null)
        {
            return (fault, 1);
        }

        try
        {
            await _pipeline.ExecuteAsync(
                async _ =>
                {
                    fault = attempts++ == 0 ? first : await attempt().ConfigureAwait(false);
                    return fault is null;
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The last attempt stands.
        }

        return (fault, Math.Max(1, attempts));
    }
}
