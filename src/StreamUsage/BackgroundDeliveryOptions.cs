namespace StreamUsage;

/// <summary>
/// The bounded queue between a tracker and each of its sinks. <see cref="UsageTracking.Completion"/> completes when a record is in the queue; what is in it lives in memory and does not survive a crash.
/// Records reach a sink in the order in which their responses ended. See <see cref="StreamUsageOptions.Background"/>.
/// </summary>
public sealed class BackgroundDeliveryOptions
{
    /// <summary>How many records wait for each sink at most: 10,000 unless set; from 1 to 10,000,000.</summary>
    public int Capacity { get; set; } = 10_000;

    /// <summary>
    /// How long a record whose queue is full waits for room: 5 seconds unless set; zero or more, at most an hour. No reader waits for it. At most as many records wait as the queue holds. One that finds no
    /// room is dropped: counted, written to the log as an error with its figures, and given to <see cref="StreamUsageOptions.OnDeliveryFailed"/>.
    /// </summary>
    public TimeSpan FullQueueTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many records a call of <see cref="IUsageSink.RecordBatchAsync"/> is given at most: 100 unless set; from 1 to 100,000. A sink that does not implement it is given them one by one.</summary>
    public int MaxBatchSize { get; set; } = 100;

    /// <summary>How long a batch that is not full waits for more records: 200 milliseconds unless set; zero or more, at most an hour.</summary>
    public TimeSpan MaxBatchDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How many batches are on their way to a sink at once: 1 unless set; from 1 to 100. More than one gives up the order.</summary>
    public int MaxConcurrentBatches { get; set; } = 1;

    /// <summary>How long a stop (a host's, or <see cref="UsageTracker.DisposeAsync"/>) goes on delivering what is in the queue: 20 seconds unless set; zero or more, at most a day. What is left then is dropped as where the queue is full.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(20);

    internal BackgroundDeliveryOptions Copy() => (BackgroundDeliveryOptions)MemberwiseClone();

    /// <summary>What is wrong with them: the option and its range; null where nothing is.</summary>
    internal (string Option, string Range)? FindFault() =>
        Capacity is < 1 or > 10_000_000 ? (nameof(Capacity), "from 1 to 10,000,000")
        : FullQueueTimeout < TimeSpan.Zero || FullQueueTimeout > TimeSpan.FromHours(1) ? (nameof(FullQueueTimeout), "zero or more and at most an hour")
        : MaxBatchSize is < 1 or > 100_000 ? (nameof(MaxBatchSize), "from 1 to 100,000")
        : MaxBatchDelay < TimeSpan.Zero || MaxBatchDelay > TimeSpan.FromHours(1) ? (nameof(MaxBatchDelay), "zero or more and at most an hour")
        : MaxConcurrentBatches is < 1 or > 100 ? (nameof(MaxConcurrentBatches), "from 1 to 100")
        : ShutdownTimeout < TimeSpan.Zero || ShutdownTimeout > TimeSpan.FromDays(1) ? (nameof(ShutdownTimeout), "zero or more and at most a day")
        : null;
}
