using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using StreamUsage.Pricing.Reading;
using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing;

/// <summary>Prices records by a public price list: genai-prices' <c>data.json</c> (v1 and v2) or LiteLLM's
/// <c>model_prices_and_context_window.json</c>. Amounts are US dollars, computed as decimals. Thread-safe; equal
/// records cost the same.</summary>
public sealed class PriceTable : IUsagePricing, IExplainedPricing, IDisposable
{
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(30);

    private readonly WatchedPriceTable? _watched; // If not null, the other fields are empty.
    private readonly ReadTable _table = new([], []);
    private readonly ModelMatcher _models = new([], null);
    private readonly string _hash = "", _version = "";

    private PriceTable(WatchedPriceTable watched) => _watched = watched;

    private PriceTable(ReadTable table, string hash, PriceTableOptions options)
    {
        foreach ((string name, decimal factor) in options.RateMultipliers)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(factor, $"{nameof(options.RateMultipliers)}[{name}]");
        }

        Options = options with { RateMultipliers = options.RateMultipliers.ToDictionary(StringComparer.OrdinalIgnoreCase) };
        (_table, _hash) = (table, hash);
        _models = new ModelMatcher(table.Providers, options.Overrides?._models);
        string version = options.Version ?? hash;
        _version = options.Overrides is { } overrides ? $"{version}+{overrides._version}" : version;
    }

    /// <summary>Gets the value of <see cref="UsageCost.PriceTableVersion"/>: the version of <see cref="WithVersion"/>,
    /// else <c>sha256:</c> and 12 hexadecimal digits of the table's hash. With overrides, <c>+</c> and their version
    /// follow. Empty before a watched file was read.</summary>
    public string Version => Current?._version ?? "";

    /// <summary>Gets the names of price fields that were skipped, because records do not count their units; empty if
    /// none.</summary>
    public IReadOnlyList<string> UnreadFields => Current?._table.UnreadFields ?? [];

    /// <summary>Gets when a watched file (not the overrides) was last written; null before it was read, and for a table
    /// that is not watched.</summary>
    public DateTimeOffset? LastWritten => _watched?.LastWritten;

    /// <summary>Gets the time since <see cref="LastWritten"/>, for a health check; null if that is null.</summary>
    public TimeSpan? Age => _watched?.Age;

    /// <summary>Gets why the newest watched file could not be used; null if it is in use.</summary>
    public Exception? LastFault => _watched?.LastFault;

    /// <summary>Gets the name of a watched file; null for a table that is not watched.</summary>
    internal string? WatchedFile => _watched?.FileName;

    /// <summary>Gets whether pricing calls user code.</summary>
    internal bool CallsUserCode => Current?.Options.Multiplier is not null;

    /// <summary>Gets how the table prices; the defaults for a watched table.</summary>
    internal PriceTableOptions Options { get; } = new();

    // Null before a watched file was read.
    private PriceTable? Current => _watched is null ? this : _watched.Current;

    /// <summary>Reads a price table. An array is genai-prices' format, an object LiteLLM's.</summary>
    /// <param name="utf8Json">The table's JSON in UTF-8.</param>
    /// <exception cref="FormatException">The JSON is not a price table; the message names the entry.</exception>
    public static PriceTable Parse(ReadOnlySpan<byte> utf8Json) => Parse(utf8Json, new PriceTableOptions());

    internal static PriceTable Parse(ReadOnlySpan<byte> utf8Json, PriceTableOptions options) =>
        new(TableReader.Read(utf8Json), HashOf(utf8Json), options);

    /// <summary>Reads a price table from a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="FormatException">The file is not a price table; the message names the entry.</exception>
    public static PriceTable Load(string path) => Load(path, new PriceTableOptions());

    internal static PriceTable Load(string path, PriceTableOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Parse(File.ReadAllBytes(path), options);
    }

    /// <summary>Reads a price table from a file, and reloads the file when it changes. Dispose the table to stop
    /// watching.</summary>
    /// <remarks>If a file is missing or invalid, or <paramref name="configure"/> fails, the fault is logged and the
    /// previous table stays in use. Before the first valid file, records are unpriced (<c>no_table</c>).</remarks>
    /// <param name="path">The file.</param>
    /// <param name="configure">Configures each loaded table, for example with <see cref="WithMultiplier"/>; null for
    /// none.</param>
    /// <param name="overridesPath">A file of overriding rates, in either format, that is watched too; null for
    /// none.</param>
    /// <param name="interval">The polling interval: 30 seconds by default; more than zero, at most a day.</param>
    /// <param name="loggerFactory">Logs loads and failures; null for no log.</param>
    /// <param name="timeProvider">The clock; null for the system's.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="interval"/> is not more than zero and at most a
    /// day.</exception>
    public static PriceTable Watch(
        string path,
        Func<PriceTable, PriceTable>? configure = null,
        string? overridesPath = null,
        TimeSpan? interval = null,
        ILoggerFactory? loggerFactory = null,
        TimeProvider? timeProvider = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        TimeSpan period = interval ?? DefaultInterval;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(period, TimeSpan.Zero, nameof(interval));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(period, TimeSpan.FromDays(1), nameof(interval));
        return new PriceTable(
            new WatchedPriceTable(path, configure, overridesPath, period, loggerFactory, timeProvider ?? TimeProvider.System));
    }

    /// <summary>Returns a table with overriding entries, for contract prices or private models. An overriding entry
    /// replaces the table's whole entry. Earlier overrides no longer apply.</summary>
    /// <param name="overrides">The overriding entries, in either format.</param>
    /// <exception cref="ArgumentNullException"><paramref name="overrides"/> is null.</exception>
    /// <exception cref="InvalidOperationException">One of the tables is watched.</exception>
    public PriceTable WithOverrides(PriceTable overrides)
    {
        ArgumentNullException.ThrowIfNull(overrides);
        overrides.ThrowIfWatched();
        return With(Options with { Overrides = overrides });
    }

    /// <summary>Returns a table with a markup or discount for each response: 0 for a free answer (from a gateway's
    /// cache), 1.2 for a markup of 20 %. An earlier multiplier no longer applies.</summary>
    /// <param name="multiplier">Returns the factor, at least 0. For a quote, its record has only the context and the
    /// start.</param>
    /// <exception cref="ArgumentNullException"><paramref name="multiplier"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The table is watched.</exception>
    public PriceTable WithMultiplier(Func<UsageRecord, decimal> multiplier)
    {
        ArgumentNullException.ThrowIfNull(multiplier);
        return With(Options with { Multiplier = multiplier });
    }

    /// <summary>Returns a table with factors for service tiers and regions without rates of their own, for example
    /// <c>"flex"</c> 0.5, <c>"batch"</c> 0.5, <c>"us"</c> 1.1. With neither a rate nor a factor, a record is unpriced
    /// (<c>rate_class</c>). Earlier factors no longer apply.</summary>
    /// <param name="multipliers">The factors on the standard token rates, at least 0. Case is ignored in names.</param>
    /// <exception cref="ArgumentNullException"><paramref name="multipliers"/> is null.</exception>
    /// <exception cref="ArgumentException">Two names differ only in case.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A factor is negative.</exception>
    /// <exception cref="InvalidOperationException">The table is watched.</exception>
    public PriceTable WithRateMultipliers(IReadOnlyDictionary<string, decimal> multipliers)
    {
        ArgumentNullException.ThrowIfNull(multipliers);
        return With(Options with { RateMultipliers = multipliers });
    }

    /// <summary>Returns a table with a version for <see cref="UsageCost.PriceTableVersion"/> instead of its
    /// hash.</summary>
    /// <param name="version">The version.</param>
    /// <exception cref="ArgumentNullException"><paramref name="version"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The table is watched.</exception>
    public PriceTable WithVersion(string version)
    {
        ArgumentNullException.ThrowIfNull(version);
        return With(Options with { Version = version });
    }

    /// <summary>Returns a table that leaves records with estimated counts unpriced (<c>estimated_usage</c>).</summary>
    /// <exception cref="InvalidOperationException">The table is watched.</exception>
    public PriceTable WithoutEstimates() => With(Options with { PriceEstimates = false });

    /// <summary>Reads a watched file if it has changed.</summary>
    /// <returns>Whether the newest file is in use; true for a table that is not watched.</returns>
    public bool Reload() => _watched?.Reload() ?? true;

    /// <summary>Stops watching the file. The loaded table stays in use. Does nothing for a table that is not
    /// watched.</summary>
    public void Dispose() => _watched?.Dispose();

    /// <summary>Returns the cost of a response; null (never 0) if it cannot be priced. See
    /// <see cref="Reprice"/>.</summary>
    /// <param name="record">The record. One that was read back from JSON costs the same.</param>
    /// <exception cref="ArgumentNullException"><paramref name="record"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The multiplier is negative.</exception>
    public UsageCost? Price(UsageRecord record) => Evaluate(record).Cost;

    /// <summary>Returns the record with its cost by this table, or with the reason why it has none.</summary>
    /// <param name="record">The record. One that was read back from JSON costs the same.</param>
    /// <exception cref="ArgumentNullException"><paramref name="record"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The multiplier is negative.</exception>
    public UsageRecord Reprice(UsageRecord record)
    {
        PricingResult result = Evaluate(record);
        return record with { Cost = result.Cost, UnpricedReason = result.UnpricedReason, UnpricedModel = result.UnpricedModel };
    }

    PricingResult IExplainedPricing.Evaluate(UsageRecord record) => Evaluate(record);

    internal PricingResult Evaluate(UsageRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return Current is { } table ? table.EvaluateFixed(record) : PricingResult.Unpriced(UnpricedReasons.NoTable, null);
    }

    /// <summary>Returns the expected cost of a request; null if the model is unknown.</summary>
    /// <param name="context">The request, with its output limit in <see cref="UsageContext.RequestBody"/>.</param>
    /// <param name="inputTokens">The number of input tokens.</param>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="inputTokens"/> is negative.</exception>
    /// <exception cref="InvalidOperationException">The multiplier is negative.</exception>
    public UsageQuote? Quote(UsageContext context, long inputTokens)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentOutOfRangeException.ThrowIfNegative(inputTokens);
        return Current is { } table ? RequestPricing.Quote(context, inputTokens, table._models, table.Options) : null;
    }

    private PricingResult EvaluateFixed(UsageRecord record)
    {
        if (record.Status == UsageStatus.Pending)
        {
            return PricingResult.Unpriced(UnpricedReasons.Pending, null);
        }

        return !Options.PriceEstimates && (record.InputSource == TokenSource.Estimated || record.OutputSource == TokenSource.Estimated)
            ? PricingResult.Unpriced(UnpricedReasons.EstimatedUsage, null)
            : new RecordPricing(record, _models, Options, _version).Evaluate();
    }

    private PriceTable With(PriceTableOptions options)
    {
        ThrowIfWatched();
        return new PriceTable(_table, _hash, options);
    }

    private void ThrowIfWatched()
    {
        if (_watched is not null)
        {
            throw new InvalidOperationException(
                $"A watched table cannot be changed, or override another: use 'configure' or 'overridesPath' of {nameof(Watch)}.");
        }
    }

    private static string HashOf(ReadOnlySpan<byte> utf8Json) =>
        $"sha256:{Convert.ToHexString(SHA256.HashData(utf8Json)).AsSpan(0, 12).ToString().ToLowerInvariant()}";
}
