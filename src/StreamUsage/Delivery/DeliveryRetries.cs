using Polly;
using Polly.Retry;

namespace StreamUsage.Delivery;

/// <summary>Repeats failed attempts with exponential pauses and jitter, on the tracker's clock.</summary>
internal sealed class DeliveryRetries
{
    // In the background no caller waits for the record, so it gets more attempts, with shorter pauses.
    private const int BackgroundFactor = 3;

    private static readonly TimeSpan MinOutagePause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(30), MaxBackgroundPause = TimeSpan.FromSeconds(1);

    private readonly ResiliencePipeline<bool> _limited, _endless; // A result of false asks for another attempt.

    public DeliveryRetries(StreamUsageOptions options, TimeProvider time)
    {
        bool isInBackground = options.Background is not null;
        MaxAttempts = options.MaxDeliveryAttempts * (isInBackground ? BackgroundFactor : 1);
        _limited = MaxAttempts == 1
            ? ResiliencePipeline<bool>.Empty : Build(MaxAttempts - 1, options.RetryDelay, isInBackground ? MaxBackgroundPause : MaxPause);
        _endless = Build(int.MaxValue, Longer(options.RetryDelay, MinOutagePause), MaxPause);

        ResiliencePipeline<bool> Build(int retries, TimeSpan pause, TimeSpan maxPause) =>
            new ResiliencePipelineBuilder<bool> { TimeProvider = time }.AddRetry(new RetryStrategyOptions<bool>
            {
                ShouldHandle = static attempt => new ValueTask<bool>(attempt.Outcome is { Exception: null, Result: false }),
                MaxRetryAttempts = retries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = pause,
                MaxDelay = Longer(pause, maxPause),
            }).Build();
    }

    /// <summary>Gets the number of attempts for one record, the first included.</summary>
    public int MaxAttempts { get; }

    /// <summary>Repeats an attempt that has failed once, until it returns true or the attempts are used up. Never
    /// throws.</summary>
    public Task RepeatAsync(Func<ValueTask<bool>> attempt, CancellationToken stop) => RunAsync(_limited, attempt, stop);

    /// <summary>Repeats an attempt while the sink accepts nothing, until it returns true. Never throws.</summary>
    public Task RepeatInOutageAsync(Func<ValueTask<bool>> attempt, CancellationToken stop) => RunAsync(_endless, attempt, stop);

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static async Task RunAsync(ResiliencePipeline<bool> pipeline, Func<ValueTask<bool>> attempt, CancellationToken stop)
    {
        bool isFirst = true; // The caller made the first attempt: the pipeline begins with its failure, and so with a pause.
        try
        {
            await pipeline.ExecuteAsync(
                _ =>
                {
                    (bool hasFailed, isFirst) = (isFirst, false);
                    return hasFailed ? new ValueTask<bool>(false) : attempt();
                },
                stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // A shutdown, or a sink that recovered, ends the pause.
        }
    }
}
