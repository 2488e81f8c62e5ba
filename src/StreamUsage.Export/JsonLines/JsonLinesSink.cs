using System.Buffers;
using StreamUsage.Export.JsonLines;

namespace StreamUsage;

/// <summary>Represents a sink that appends each record to a file as one line of JSON (<see cref="UsageRecordJson"/>).
/// Thread-safe.</summary>
/// <remarks>
/// <para>A line is written whole or not at all. An incomplete last line of an earlier writer is moved to a <c>.torn</c>
/// file. A retried record may occur twice, with the same id.</para>
/// <para>Only its owner can read a new file, and only one sink can write to a file at a time. Other programs may rename
/// or delete the file; the next record then begins a new one.</para>
/// </remarks>
public sealed class JsonLinesSink : IUsageSink, IDisposable
{
    private static readonly TimeSpan TimeToClose = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly CancellationTokenSource _closing = new();
    private readonly JsonLinesFile _file;
    private int _isDisposed;

    /// <summary>Opens or creates a file and locks it. The lock is a second file with the suffix <c>.lock</c>, except on
    /// Windows.</summary>
    /// <param name="path">The path, for example <c>usage.jsonl</c>. Its folder must exist. A symbolic link is
    /// followed.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <param name="timeProvider">The clock for the names of archived files; null for the system's.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty, or an option is out of
    /// range.</exception>
    /// <exception cref="IOException">The file or its lock cannot be opened, it is not a regular file, or another sink
    /// writes to it.</exception>
    /// <exception cref="UnauthorizedAccessException">The file or its lock is not writable.</exception>
    public JsonLinesSink(string path, JsonLinesSinkOptions? options = null, TimeProvider? timeProvider = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new JsonLinesSinkOptions();
        if (options.MaxFileBytes < 1 || options.MaxArchivedFiles < 0)
        {
            string fault = options.MaxFileBytes < 1
                ? $"{nameof(options.MaxFileBytes)} must be at least 1."
                : $"{nameof(options.MaxArchivedFiles)} must be zero or more.";
            throw new ArgumentException($"{nameof(JsonLinesSinkOptions)}.{fault}", nameof(options));
        }

        _file = new JsonLinesFile(Path.GetFullPath(path), options, timeProvider ?? TimeProvider.System);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentNullException"><paramref name="record"/> is null.</exception>
    /// <exception cref="IOException">The record could not be written. The next call removes any part of it.</exception>
    /// <exception cref="ObjectDisposedException">The sink is closed, or was closed while the call waited.</exception>
    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(record);
        return RecordBatchAsync([record], cancellationToken);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentNullException"><paramref name="records"/> is null.</exception>
    /// <exception cref="IOException">The records could not be written. The next call removes any part of
    /// them.</exception>
    /// <exception cref="ObjectDisposedException">The sink is closed, or was closed while the call waited.</exception>
    public async ValueTask RecordBatchAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(records);
        var lines = new ArrayBufferWriter<byte>(1024);
        foreach (UsageRecord record in records)
        {
            UsageRecordJson.Write(lines, record);
            lines.Write("\n"u8);
        }

        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _file.Append(lines.WrittenSpan);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Closes the file. Ends waiting calls with an <see cref="ObjectDisposedException"/>, and waits at most 5
    /// seconds for a call that writes.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        _closing.Cancel();
        bool isIdle = _gate.Wait(TimeToClose);
        _file.Dispose();
        if (isIdle)
        {
            _gate.Release();
        }
    }

    private async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_gate.Wait(TimeSpan.Zero, CancellationToken.None))
        {
            return; // Avoids a linked token in the common case.
        }

        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        try
        {
            await _gate.WaitAsync(ends.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ObjectDisposedException(nameof(JsonLinesSink));
        }
    }
}
