namespace StreamUsage;

/// <summary>Specifies how a <see cref="JsonLinesSink"/> keeps its files.</summary>
public sealed class JsonLinesSinkOptions
{
    /// <summary>Gets or sets the size in bytes above which a file is archived before the next write: 100 MiB by
    /// default; at least 1. The archive's name has the UTC time and a number: <c>usage-20260102T030405-0000.jsonl</c>.
    /// The records of one call always go to one file.</summary>
    public long MaxFileBytes { get; set; } = 100 * 1024 * 1024;

    /// <summary>Gets or sets the number of archived files to keep, the newest ones; null (the default) keeps all; 0
    /// keeps none. Files with other names are never deleted.</summary>
    public int? MaxArchivedFiles { get; set; }

    /// <summary>Gets or sets whether a call waits until its records are on the disk (fsync; on macOS F_FULLFSYNC): true
    /// by default. False is much faster, but may lose the last records if the machine fails. Either way, a machine
    /// failure may lose a file that was created seconds before.</summary>
    public bool FlushToDisk { get; set; } = true;
}
