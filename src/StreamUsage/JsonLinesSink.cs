using System.Buffers;
using StreamUsage.Delivery;

namespace StreamUsage;

/// <summary>
/// A sink without a database: appends each record as one line of JSON (<see cref="UsageRecordJson"/>) to a file. A line is whole or not there: what a crash has torn is repaired when the file is opened,
/// what a failed write has torn before the next one. A record whose delivery was retried may be there twice, under the same id. A file is for one sink: others may read it, but must not write to it.
/// </summary>
public sealed class JsonLinesSink : IUsageSink, IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly JsonLinesFile _file;

    /// <summary>Opens a file, or makes it; its folder must be there.</summary>
    /// <param name="path">The file's path, for example <c>usage.jsonl</c>.</param>
    /// <param name="options">How files are kept; null for the defaults.</param>
    /// <param name="timeProvider">The clock that names files that are set aside; null means the system's.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty, or an option is out of its range; the message names it.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written to.</exception>
    public JsonLinesSink(string path, JsonLinesSinkOptions? options = null, TimeProvider? timeProvider = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new JsonLinesSinkOptions();
        if (options.MaxFileBytes < 1 || options.MaxArchivedFiles < 0)
        {
            string fault = options.MaxFileBytes < 1 ? $"{nameof(options.MaxFileBytes)} must be at least 1." : $"{nameof(options.MaxArchivedFiles)} must be zero or more.";
            throw new ArgumentException($"{nameof(JsonLinesSinkOptions)}.{fault}", nameof(options));
        }

        _file = new JsonLinesFile(Path.GetFullPath(path), options.MaxFileBytes, options.MaxArchivedFiles, options.FlushToDisk, timeProvider ?? TimeProvider.System);
    }

    /// <inheritdoc/>
    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(record);
        return RecordBatchAsync([record], cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask RecordBatchAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(records);
        var lines = new ArrayBufferWriter<byte>(1024);
        foreach (UsageRecord record in records)
        {
            UsageRecordJson.Write(lines, record);
            lines.Write("\n"u8);
        }

        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _file.Append(lines.WrittenSpan);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        _file.Dispose();
        _gate.Dispose();
    }
}
