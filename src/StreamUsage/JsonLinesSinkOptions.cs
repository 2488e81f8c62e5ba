namespace StreamUsage;

/// <summary>How a <see cref="JsonLinesSink"/> keeps its files.</summary>
public sealed class JsonLinesSinkOptions
{
    /// <summary>A file that would grow past this many bytes is set aside first: 100 MiB unless set; at least 1. Its name then has the time of that moment, in UTC, before the extension. A file always takes one call's records, however many.</summary>
    public long MaxFileBytes { get; set; } = 100 * 1024 * 1024;

    /// <summary>How many files that were set aside are kept, the newest ones; null, the default, for all of them; zero or more.</summary>
    public int? MaxArchivedFiles { get; set; }

    /// <summary>Whether a call waits until what it wrote is on the disk, and not only with the operating system: true unless set. False is much faster, and loses the last records where the machine (not only the process) fails.</summary>
    public bool FlushToDisk { get; set; } = true;
}
