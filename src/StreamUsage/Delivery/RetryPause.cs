namespace StreamUsage.Delivery;

/// <summary>Represents pauses that double up to a limit. Each is shortened by up to a half at random, so that failed
/// records do not all return at once.</summary>
internal sealed class RetryPause(TimeSpan first, TimeSpan longest, TimeProvider time)
{
    private TimeSpan _next = first;

    /// <summary>Waits for the next pause, or until the token is cancelled. Never throws.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        TimeSpan pause = _next * (0.5 + (Random.Shared.NextDouble() / 2));
        _next = _next * 2 < longest ? _next * 2 : longest;
        await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
