namespace StreamUsage;

/// <summary>How far bodies are read on after their readers have left, for the usage that comes at the end. See <see cref="StreamUsageOptions.DrainAbortedStreams"/>.</summary>
public sealed record DrainLimits
{
    /// <summary>How long one body is read on: 30 seconds unless set; more than zero, at most an hour.</summary>
    public TimeSpan MaxTime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How many bytes of one body are read on: 4 MiB unless set; at least 1.</summary>
    public long MaxBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>How many bodies of a tracker are read on at once: 100 unless set; at least 1. A body whose reader leaves while as many are read on is let go.</summary>
    public int MaxConcurrent { get; set; } = 100;
}
