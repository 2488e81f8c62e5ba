namespace StreamUsage;

/// <summary>Represents the state of one sink, for a health check.</summary>
public sealed record SinkStatus
{
    /// <summary>Gets the sink's name in logs and metrics: its type, numbered if several sinks share it.</summary>
    public string Sink { get; init; } = "";

    /// <summary>Gets when the current run of failures began; null if the last call succeeded, or there was
    /// none.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>Gets the error of the last call; null if it succeeded, or there was none.</summary>
    public Exception? LastError { get; init; }

    /// <summary>Gets the number of records that wait or are being delivered, with or without
    /// <see cref="StreamUsageOptions.Background"/>.</summary>
    public int QueueLength { get; init; }

    /// <summary>Gets how long the oldest undelivered record has waited; zero if there is none.</summary>
    public TimeSpan OldestRecordAge { get; init; }
}
