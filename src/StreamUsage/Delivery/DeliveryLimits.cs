namespace StreamUsage.Delivery;

/// <summary>Represents the limits of one sink's delivery.</summary>
internal sealed record DeliveryLimits
{
    /// <summary>Gets how many records the queue holds. Further ones wait for room.</summary>
    public int Capacity { get; init; }

    /// <summary>Gets how long a record waits for room.</summary>
    public TimeSpan FullQueueTimeout { get; init; }

    public int MaxBatchSize { get; init; }

    public TimeSpan MaxBatchDelay { get; init; }

    /// <summary>Gets how many calls with queued records run at once.</summary>
    public int MaxConcurrentCalls { get; init; }

    /// <summary>Gets how many calls with failed records run at once, beside the queue.</summary>
    public int MaxConcurrentRetries { get; init; }

    /// <summary>Gets whether a record outlasts its attempts while the sink accepts nothing.</summary>
    public bool WaitsForSink { get; init; }

    /// <summary>Gets how long a record waits for its response's start call.</summary>
    public TimeSpan StartTimeout { get; init; }

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
                WaitsForSink = true,
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
