using System.Buffers;
using StreamUsage.Export.JsonLines;

namespace StreamUsage;

/// <summary>
/// A sink without a database: appends each record as one line of JSON (<see cref="UsageRecordJson"/>) to a file. The file is created for its owner alone, and written to by one sink at a time: a second one, of
/// this process or another, is refused. Others may read it, rename it or delete it; the next record then begins a new file.
/// A line is whole or not there. The sink cuts off only what its own failed write has left; a last line that it finds without an end is moved to a file whose name ends in <c>.torn</c>.
/// A record whose delivery was retried may be there twice, under the same id.
/// </summary>
public sealed class JsonLinesSink : IUsageSink, IDisposable
{
    private static readonly TimeSpan TimeToClose = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly CancellationTokenSource _closing = new();
    private readonly JsonLinesFile _file;
    private int _isDisposed;

    /// <summary>Opens a file, or creates it, and locks it by a file of the same name with <c>.lock</c> behind it (not on Windows, which locks the file itself). Its folder must be there.</summary>
    /// <param name="path">The file's path, for example <c>usage.jsonl</c>. Of a symbolic link, the file that it leads to is written.</param>
    /// <param name="options">How files are kept; null for the defaults.</param>
    /// <param name="timeProvider">The clock that names files that are set aside; null means the system's.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty, or an option is out of its range; the message names it.</exception>
    /// <exception cref="IOException">The file cannot be opened, is not a regular file, or another sink writes to it.</exception>
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

        _file = new JsonLinesFile(Path.GetFullPath(path), options, timeProvider ?? TimeProvider.System);
    }

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The sink is closed, or was closed while the call waited for its turn.</exception>
    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(record);
        return RecordBatchAsync([record], cancellationToken);
    }

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The sink is closed, or was closed while the call waited for its turn.</exception>
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

    /// <summary>Ends the calls that wait for their turn, waits at most 5 seconds for the one that writes, and closes the file.</summary>
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
            return; // The common case, without linking tokens.
        }

        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        try
        {
            await _gate.WaitAsync(ends.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(JsonLinesSink));
        }
    }
}
