namespace StreamUsage.Delivery;

/// <summary>Represents the limits of a tracker's delivery.</summary>
internal sealed record DeliveryLimits
{
    /// <summary>Gets how many records the queue holds. Further records wait for room.</summary>
    public int Capacity { get; init; }

    /// <summary>Gets how long a record waits for room. A record in the outbox has no limit.</summary>
    public TimeSpan FullQueueTimeout { get; init; }

    /// <summary>Gets the most records of one batch.</summary>
    public int MaxBatchSize { get; init; }

    /// <summary>Gets how long a partial batch waits for more records after its first has left the queue.</summary>
    public TimeSpan MaxBatchDelay { get; init; }

    /// <summary>Gets how many calls with queued records run at once.</summary>
    public int MaxConcurrentCalls { get; init; }

    /// <summary>Gets how many calls with failed records run at once, outside the queue.</summary>
    public int MaxConcurrentRetries { get; init; }

    /// <summary>Gets whether records are delivered in the background. An outage then uses up no attempts.</summary>
    public bool IsBackground { get; init; }

    /// <summary>Gets how long a record waits for the start call of its response.</summary>
    public TimeSpan StartTimeout { get; init; }

    /// <summary>Gets how long a shutdown delivers before it drops the rest.</summary>
    public TimeSpan ShutdownTimeout { get; init; }

    public static DeliveryLimits From(StreamUsageOptions options) =>
        options.Background is { } background
            ? new DeliveryLimits
            {
                Capacity = background.Capacity,
                FullQueueTimeout = background.FullQueueTimeout,
                MaxBatchSize = background.MaxBatchSize,
                MaxBatchDelay = background.MaxBatchDelay,
                MaxConcurrentCalls = background.MaxConcurrentBatches,
                MaxConcurrentRetries = 16,
                IsBackground = true,
                StartTimeout = options.SinkTimeout,
                ShutdownTimeout = background.ShutdownTimeout,
            }
            : new DeliveryLimits
            {
                Capacity = 10_000,
                FullQueueTimeout = Timeout.InfiniteTimeSpan,
                MaxBatchSize = 1,
                MaxConcurrentCalls = options.MaxConcurrentSinkCalls,
                MaxConcurrentRetries = options.MaxConcurrentSinkCalls,
                StartTimeout = options.SinkTimeout,
                ShutdownTimeout = options.SinkTimeout,
            };
}
