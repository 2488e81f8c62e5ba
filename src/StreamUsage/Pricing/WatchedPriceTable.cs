using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace StreamUsage.Pricing;

/// <summary>Reloads a price table when its file changes. Polls by a timer, which also works for mounted volumes and
/// replaced links.</summary>
internal sealed partial class WatchedPriceTable : IDisposable
{
    private readonly object _gate = new();
    private readonly string _path;
    private readonly string? _overridesPath;
    private readonly Func<PriceTable, PriceTable>? _configure;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private FileState _loadedState;
    private volatile LoadedTable? _loaded;

    public WatchedPriceTable(
        string path,
        Func<PriceTable, PriceTable>? configure,
        string? overridesPath,
        TimeSpan interval,
        ILoggerFactory? loggerFactory,
        TimeProvider time)
    {
        (_path, _configure, _overridesPath, _time) = (path, configure, overridesPath, time);
        _logger = loggerFactory?.CreateLogger("StreamUsage") ?? NullLogger.Instance;
        Reload();
        _timer = time.CreateTimer(static watched => ((WatchedPriceTable)watched!).Reload(), this, interval, interval);
    }

    /// <summary>Gets the table in use; null before one was read.</summary>
    public PriceTable? Current => _loaded?.Table;

    /// <summary>Gets when the table's file (not the overrides) was last written; null before one was read.</summary>
    public DateTimeOffset? LastWritten => _loaded?.Written;

    /// <summary>Gets the time since <see cref="LastWritten"/>, at least zero.</summary>
    public TimeSpan? Age => LastWritten is { } written ? TimeSpan.FromTicks(Math.Max(0, (_time.GetUtcNow() - written).Ticks)) : null;

    /// <summary>Gets the file's name, without its folder.</summary>
    public string FileName => Path.GetFileName(_path);

    /// <summary>Gets why the newest file could not be used; null if it is in use.</summary>
    public Exception? LastFault { get; private set; }

    /// <summary>Reads the file if it has changed. Returns whether the newest file is in use.</summary>
    public bool Reload()
    {
        lock (_gate)
        {
            try
            {
                FileState state = FileState.Of(_path, _overridesPath);
                if (state == _loadedState)
                {
                    LastFault = null; // The loaded file is back after a fault.
                    return true;
                }

                PriceTable table = Load();
                _loadedState = state;
                _loaded = new LoadedTable(table, state.Written);
                LastFault = null;
                LogLoaded(_logger, _path, table.Version, table.UnreadFields.Count);
                return true;
            }
            catch (Exception fault)
            {
                // 'configure' is user code, and a fault on the timer's thread would end the process.
                if (fault.Message != LastFault?.Message)
                {
                    LogNotLoaded(_logger, fault, _path, _loaded is not null);
                }

                LastFault = fault;
                return false;
            }
        }
    }

    /// <summary>Stops watching. The loaded table stays in use.</summary>
    public void Dispose() => _timer.Dispose();

    // The overriding file takes precedence over overrides that 'configure' has set.
    private PriceTable Load()
    {
        PriceTable table = PriceTable.Load(_path);
        table = _configure?.Invoke(table) ?? table;
        return _overridesPath is null
            ? table
            : table.WithOverrides(PriceTable.Load(_overridesPath, new PriceTableOptions { Overrides = table.Options.Overrides }));
    }

    // These are not in Log, because Pricing may use only the root namespace.
    [LoggerMessage(
        EventId = 31,
        Level = LogLevel.Information,
        Message = "Price table {Path} loaded, version {Version}; {UnreadFields} price fields were skipped")]
    private static partial void LogLoaded(ILogger logger, string path, string version, int unreadFields);

    [LoggerMessage(
        EventId = 32,
        Level = LogLevel.Error,
        Message = "Price table {Path} could not be loaded. An older table stays in use: {HasOlder}")]
    private static partial void LogNotLoaded(ILogger logger, Exception fault, string path, bool hasOlder);

    private sealed record LoadedTable(PriceTable Table, DateTimeOffset Written);

    /// <summary>Represents the times and lengths that show a change of the files. They are read through a handle, which
    /// follows links.</summary>
    private readonly record struct FileState(DateTimeOffset Written, long Length, DateTimeOffset OverridesWritten, long OverridesLength)
    {
        public static FileState Of(string path, string? overridesPath)
        {
            (DateTimeOffset written, long length) = Of(path);
            (DateTimeOffset overridesWritten, long overridesLength) = overridesPath is null ? default : Of(overridesPath);
            return new FileState(written, length, overridesWritten, overridesLength);
        }

        private static (DateTimeOffset Written, long Length) Of(string path)
        {
            using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
            return (File.GetLastWriteTimeUtc(file), RandomAccess.GetLength(file));
        }
    }
}
