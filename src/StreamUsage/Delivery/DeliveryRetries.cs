namespace StreamUsage.Delivery;

/// <summary>Represents how often a failed record is tried, and the pauses between its attempts.</summary>
internal sealed class DeliveryRetries(StreamUsageOptions options, TimeProvider time)
{
    // In the background no caller waits for the record, so it gets more attempts, with shorter pauses.
    private const int BackgroundFactor = 3;

    private static readonly TimeSpan MinOutagePause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(30), MaxBackgroundPause = TimeSpan.FromSeconds(1);

    private readonly bool _isInBackground = options.Background is not null;
    private readonly TimeSpan _delay = options.RetryDelay;

    /// <summary>Gets the number of attempts for one record, the first included.</summary>
    public int MaxAttempts { get; } = options.MaxDeliveryAttempts * (options.Background is null ? 1 : BackgroundFactor);

    /// <summary>Returns the pauses while the sink may accept the record.</summary>
    public RetryPause BetweenAttempts() => new(_delay, Longer(_delay, _isInBackground ? MaxBackgroundPause : MaxPause), time);

    /// <summary>Returns the pauses while the sink accepts nothing.</summary>
    public RetryPause InOutage() => new(Longer(_delay, MinOutagePause), Longer(_delay, MaxPause), time);

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
