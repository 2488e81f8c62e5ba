namespace StreamUsage;

/// <summary>How a <see cref="JsonLinesSink"/> keeps its files.</summary>
public sealed class JsonLinesSinkOptions
{
    /// <summary>
    /// Gets or sets the size in bytes past which a file is set aside before it is written to: 100 MiB unless set; at least 1. Its name then has the time of that moment, in UTC, and a number before the extension:
    /// <c>usage-20260102T030405-0000.jsonl</c>. A file always takes one call's records, however many.
    /// </summary>
    public long MaxFileBytes { get; set; } = 100 * 1024 * 1024;

    /// <summary>Gets or sets how many files that were set aside are kept, the newest ones; null, the default, for all of them; zero or more. Files whose names are not exactly of that form are never deleted.</summary>
    public int? MaxArchivedFiles { get; set; }

    /// <summary>
    /// Gets or sets whether a call waits until what it wrote is on the disk (fsync; on macOS F_FULLFSYNC), and not only with the operating system: true unless set. False is much faster, and loses the last records
    /// where the machine, not only the process, fails. Either way the name of a new file is written by the file system in its own time: where the machine fails within seconds of a file's creation, that file may be
    /// missing.
    /// </summary>
    public bool FlushToDisk { get; set; } = true;
}
