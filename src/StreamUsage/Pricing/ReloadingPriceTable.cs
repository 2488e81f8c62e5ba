using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace StreamUsage.Pricing;

/// <summary>Prices records by a file that may change. A new file replaces the old table at once; an invalid one is
/// logged, and the old table stays. The file is polled, which also works for mounted volumes and replaced
/// links.</summary>
public sealed partial class ReloadingPriceTable : IUsagePricing, IDisposable
{
    private readonly object _gate = new();
    private readonly string _path;
    private readonly ReloadingPriceTableOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private FileState _seen;
    private volatile LoadedTable? _loaded;

    /// <summary>Reads the table, and starts polling. A missing or invalid file is logged. Until there is a valid one,
    /// records are unpriced with <see cref="UnpricedReasons.NoTable"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <param name="loggerFactory">Creates the logger; null for none.</param>
    /// <param name="timeProvider">The clock; null for the system's.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The interval is not more than zero and at most a day.</exception>
    public ReloadingPriceTable(
        string path, ReloadingPriceTableOptions? options = null, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = path;
        _options = options ?? new ReloadingPriceTableOptions();
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(_options.Interval, TimeSpan.Zero, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(_options.Interval, TimeSpan.FromDays(1), nameof(options));
        _logger = loggerFactory?.CreateLogger("StreamUsage") ?? NullLogger.Instance;
        _time = timeProvider ?? TimeProvider.System;
        Reload();
        _timer = _time.CreateTimer(_ => Reload(), null, _options.Interval, _options.Interval);
    }

    /// <summary>Gets the table in use; null before one was read.</summary>
    public PriceTable? Current => _loaded?.Table;

    /// <summary>Gets when the table's file (not the overrides) was last written; null before one was read.</summary>
    public DateTimeOffset? LastWritten => _loaded?.Written;

    /// <summary>Gets the time since the table's file was last written; null before one was read.</summary>
    public TimeSpan? Age => _loaded is { } loaded ? _time.GetUtcNow() - loaded.Written : null;

    /// <summary>Gets whether pricing calls user code.</summary>
    internal bool CallsUserCode => Current is { CallsUserCode: true };

    /// <summary>Gets why the newest file is not in use; null if it is.</summary>
    public Exception? LastFault { get; private set; }

    /// <summary>Reads the file if it has changed. Returns whether the newest file is in use.</summary>
    public bool Reload()
    {
        lock (_gate)
        {
            try
            {
                FileState state = FileState.Of(_path, _options.OverridesPath);
                if (state == _seen)
                {
                    return LastFault is null;
                }

                PriceTable table = Load();
                _seen = state;
                _loaded = new LoadedTable(table, state.Written);
                LastFault = null;
                LogLoaded(_logger, _path, table.Version, table.UnreadFields.Count);
                return true;
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or FormatException)
            {
                if (fault.Message != LastFault?.Message)
                {
                    LogNotLoaded(_logger, fault, _path, _loaded is not null);
                }

                LastFault = fault;
                return false;
            }
        }
    }

    /// <inheritdoc/>
    public UsageCost? Price(UsageRecord record) => Evaluate(record).Cost;

    /// <inheritdoc/>
    public PricingResult Evaluate(UsageRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return Current is { } table ? table.Evaluate(record) : PricingResult.Unpriced(UnpricedReasons.NoTable, null);
    }

    /// <inheritdoc/>
    public UsageQuote? Quote(UsageContext context, long inputTokens) => Current?.Quote(context, inputTokens);

    /// <summary>Stops polling. The table stays in use.</summary>
    public void Dispose() => _timer.Dispose();

    // The overrides' file precedes the overrides of the options.
    private PriceTable Load()
    {
        PriceTableOptions options = _options.Pricing;
        if (_options.OverridesPath is { } path)
        {
            options = options with { Overrides = PriceTable.Load(path, new PriceTableOptions { Overrides = options.Overrides }) };
        }

        return PriceTable.Load(_path, options);
    }

    // Not in Log, because Pricing uses only the root's types.
    [LoggerMessage(
        EventId = 31,
        Level = LogLevel.Information,
        Message = "Price table {Path} loaded, version {Version}; {UnreadFields} names of prices in it are not read")]
    private static partial void LogLoaded(ILogger logger, string path, string version, int unreadFields);

    [LoggerMessage(
        EventId = 32,
        Level = LogLevel.Error,
        Message = "Price table {Path} could not be loaded; an older one stays in use: {HasOlder}")]
    private static partial void LogNotLoaded(ILogger logger, Exception fault, string path, bool hasOlder);

    private sealed record LoadedTable(PriceTable Table, DateTimeOffset Written);

    /// <summary>Represents the state that shows a change of the files. It is read through a handle, to follow
    /// links.</summary>
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
