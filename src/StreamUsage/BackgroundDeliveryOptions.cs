namespace StreamUsage;

/// <summary>Specifies the bounded queue between a tracker and each of its sinks. A queued record is in memory and does
/// not survive a crash. Records reach a sink in the order in which their responses ended. See
/// <see cref="StreamUsageOptions.Background"/>.</summary>
public sealed class BackgroundDeliveryOptions
{
    /// <summary>Gets or sets how many records a sink's queue holds: 10,000 by default; 1 to 10,000,000.</summary>
    public int Capacity { get; set; } = 10_000;

    /// <summary>Gets or sets how long a record waits for room in a full queue: 5 seconds by default; zero (not at all)
    /// to an hour. Readers never wait.</summary>
    /// <remarks>Records that wait for room count against <see cref="StreamUsageOptions.MaxRetainedBytes"/>. A record
    /// that finds no room is dropped: it is counted, logged as an error and passed to
    /// <see cref="StreamUsageOptions.OnDeliveryFailed"/>.</remarks>
    public TimeSpan FullQueueTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets the most records in one batch: 100 by default; 1 to 100,000.</summary>
    public int MaxBatchSize { get; set; } = 100;

    /// <summary>Gets or sets how long a partial batch waits for more records: 200 ms by default; zero to an
    /// hour.</summary>
    public TimeSpan MaxBatchDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Gets or sets how many batches one sink gets at once: 1 by default; 1 to 100. More than 1 loses the
    /// order.</summary>
    public int MaxConcurrentBatches { get; set; } = 1;

    /// <summary>Gets or sets how long a shutdown (the host's, or <see cref="UsageTracker.DisposeAsync"/>) delivers
    /// queued records: 20 seconds by default; zero to a day. The rest is dropped at once, like a record that finds no
    /// room. With an outbox, it stays in the outbox.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(20);

    internal BackgroundDeliveryOptions Copy() => (BackgroundDeliveryOptions)MemberwiseClone();

    /// <summary>Returns the first invalid option and its range; null if all are valid.</summary>
    internal (string Option, string Range)? FindInvalid() =>
        Capacity is < 1 or > 10_000_000 ? (nameof(Capacity), "from 1 to 10,000,000")
        : FullQueueTimeout < TimeSpan.Zero || FullQueueTimeout > TimeSpan.FromHours(1)
            ? (nameof(FullQueueTimeout), "zero or more and at most an hour")
        : MaxBatchSize is < 1 or > 100_000 ? (nameof(MaxBatchSize), "from 1 to 100,000")
        : MaxBatchDelay < TimeSpan.Zero || MaxBatchDelay > TimeSpan.FromHours(1)
            ? (nameof(MaxBatchDelay), "zero or more and at most an hour")
        : MaxConcurrentBatches is < 1 or > 100 ? (nameof(MaxConcurrentBatches), "from 1 to 100")
        : ShutdownTimeout < TimeSpan.Zero || ShutdownTimeout > TimeSpan.FromDays(1)
            ? (nameof(ShutdownTimeout), "zero or more and at most a day")
        : null;
}
