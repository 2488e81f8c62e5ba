namespace StreamUsage;

/// <summary>Specifies how far a body is drained after its reader has left. See
/// <see cref="StreamUsageOptions.DrainAbortedStreams"/>.</summary>
public sealed record DrainLimits
{
    /// <summary>Gets or sets how long one body is drained: 30 seconds by default; more than zero, at most an
    /// hour.</summary>
    public TimeSpan MaxTime { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets or sets how many bytes of one body are drained: 4 MiB by default; at least 1.</summary>
    public long MaxBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Gets or sets how many bodies of a tracker are drained at once: 100 by default; at least 1. Any further
    /// body is not drained.</summary>
    public int MaxConcurrent { get; set; } = 100;
}
