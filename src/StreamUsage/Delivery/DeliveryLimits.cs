namespace StreamUsage.Delivery;

/// <summary>The limits of one sink's delivery.</summary>
internal sealed record DeliveryLimits
{
    /// <summary>Records that wait in the queue. Further ones wait for room.</summary>
    public int Capacity { get; init; }

    /// <summary>How long a record waits for room.</summary>
    public TimeSpan FullQueueTimeout { get; init; }

    public int MaxBatchSize { get; init; }

    public TimeSpan MaxBatchDelay { get; init; }

    /// <summary>Calls with records from the queue that run at once.</summary>
    public int MaxConcurrentCalls { get; init; }

    /// <summary>Calls with failed records, beside the queue, that run at once.</summary>
    public int MaxConcurrentRetries { get; init; }

    /// <summary>Whether a record outlasts its attempts while the sink takes nothing at all.</summary>
    public bool WaitsForSink { get; init; }

    /// <summary>How long a record waits for the call that tells the sink of its response's start.</summary>
    public TimeSpan StartTimeout { get; init; }

    /// <summary>How long a shutdown goes on delivering.</summary>
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
