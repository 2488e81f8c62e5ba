namespace StreamUsage;

/// <summary>Represents the state of one sink of a tracker, for a health check.</summary>
public sealed record SinkStatus
{
    /// <summary>Gets the sink's name in the log and the meter: its type, numbered where a tracker has several of one type.</summary>
    public string Sink { get; init; } = "";

    /// <summary>Gets the time of the first of the calls that have failed in a row; null where the last call succeeded.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>Gets why the last call failed; null where it succeeded.</summary>
    public Exception? LastError { get; init; }

    /// <summary>Gets the number of records that the sink does not have yet.</summary>
    public int QueueLength { get; init; }

    /// <summary>Gets how long the oldest of them has waited; zero where there is none.</summary>
    public TimeSpan OldestRecordAge { get; init; }
}
