using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using StreamUsage.Pricing.Reading;
using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing;

/// <summary>
/// Prices records by a public price list that the user provides: <c>data.json</c> of genai-prices (v1 and v2), or
/// LiteLLM's <c>model_prices_and_context_window.json</c>.
/// All amounts are decimals. Thread-safe; the same record always costs the same.
/// </summary>
public sealed class PriceTable : IUsagePricing, IExplainedPricing, IDisposable
{
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(30);

    private readonly WatchedPriceTable? _watched; // Null for a table that does not change; else what follows is that of none.
    private readonly ReadTable _table = new([], []);
    private readonly ModelMatcher _models = new([], null);
    private readonly string _ownVersion = "", _version = "";

    private PriceTable(WatchedPriceTable watched) => _watched = watched;

    private PriceTable(ReadTable table, string version, PriceTableOptions options)
    {
        foreach ((string name, decimal factor) in options.RateMultipliers)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(factor, $"{nameof(options.RateMultipliers)}[{name}]");
        }

        Options = options with { RateMultipliers = options.RateMultipliers.ToDictionary(StringComparer.OrdinalIgnoreCase) };
        (_table, _ownVersion) = (table, version);
        _models = new ModelMatcher(table.Providers, options.Overrides?._models);
        version = options.Version ?? version;
        _version = options.Overrides is { } overrides ? $"{version}+{overrides._version}" : version;
    }

    /// <summary>
    /// Gets the version that costs note: that of <see cref="WithVersion"/>, else <c>sha256:</c> and the beginning of the
    /// hash of the table's text; with the overrides' behind it. Empty where a watched file could not be read yet.
    /// </summary>
    public string Version => Current?._version ?? "";

    /// <summary>
    /// Gets the names of prices that this library does not read, each once: rates of what a record does not count.
    /// Empty where all were read.
    /// </summary>
    public IReadOnlyList<string> UnreadFields => Current?._table.UnreadFields ?? [];

    /// <summary>
    /// Gets when the file of a watched table was last written, overrides not counted; null for a table that is not
    /// watched, and until one could be read.
    /// </summary>
    public DateTimeOffset? LastWritten => _watched?.LastWritten;

    /// <summary>Gets why the newest file of a watched table could not be used; null where it is the one that is used.</summary>
    public Exception? LastFault => _watched?.LastFault;

    /// <summary>Gets whether pricing calls the user's code.</summary>
    internal bool CallsUserCode => Current?.Options.Multiplier is not null;

    /// <summary>Gets how the table prices.</summary>
    internal PriceTableOptions Options { get; } = new();

    // The table that prices: null where a watched file could not be read yet.
    private PriceTable? Current => _watched is null ? this : _watched.Current;

    /// <summary>
    /// Reads a price table. Its format is told by its shape: an array is genai-prices', an object LiteLLM's.
    /// </summary>
    /// <param name="utf8Json">The table's JSON in UTF-8.</param>
    /// <exception cref="FormatException">It is not a price table; the message names the entry.</exception>
    public static PriceTable Parse(ReadOnlySpan<byte> utf8Json) => Parse(utf8Json, new PriceTableOptions());

    /// <summary>Reads a price table that prices as the options say.</summary>
    internal static PriceTable Parse(ReadOnlySpan<byte> utf8Json, PriceTableOptions options) => new(TableReader.Read(utf8Json), HashOf(utf8Json), options);

    /// <summary>Reads a price table from a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="FormatException">It is not a price table; the message names the entry.</exception>
    public static PriceTable Load(string path) => Load(path, new PriceTableOptions());

    /// <summary>Reads a price table from a file; it prices as the options say.</summary>
    internal static PriceTable Load(string path, PriceTableOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Parse(File.ReadAllBytes(path), options);
    }

    /// <summary>
    /// Reads a price table from a file that may change while the process runs, and looks for a new one from then on. A
    /// new file takes the old one's place at once and as a whole. A bad one is logged, and the old table stays. Until
    /// there is a good one, records are unpriced (<c>no_table</c>). Dispose the table to end the looking.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="configure">Changes each table that is read: <see cref="WithMultiplier"/> and the like; null for nothing.</param>
    /// <param name="overridesPath">The file of rates to lay over the table, in either format; watched as well. Null for none.</param>
    /// <param name="interval">How often to look: 30 seconds unless set; more than zero, at most a day.</param>
    /// <param name="loggerFactory">Receives what was loaded and what could not be; null for no log.</param>
    /// <param name="timeProvider">The clock; null for the system's.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="interval"/> is not more than zero and at most a day.</exception>
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
        return new PriceTable(new WatchedPriceTable(path, configure, overridesPath, period, loggerFactory, timeProvider ?? TimeProvider.System));
    }

    /// <summary>Returns the table with rates laid over it: contract prices, private models. An entry of them is used as a whole in the place of the table's.</summary>
    /// <param name="overrides">The rates, in either format.</param>
    /// <exception cref="ArgumentNullException"><paramref name="overrides"/> is null.</exception>
    /// <exception cref="InvalidOperationException">One of the tables is watched.</exception>
    public PriceTable WithOverrides(PriceTable overrides)
    {
        ArgumentNullException.ThrowIfNull(overrides);
        overrides.ThrowIfWatched();
        return With(Options with { Overrides = overrides });
    }

    /// <summary>
    /// Returns the table with a markup or discount for each response: 1 for none, 0 for an answer that cost nothing (one
    /// from a gateway's cache), 1.2 for a markup of 20 %. For a quote it is given a record that holds the context alone.
    /// </summary>
    /// <param name="multiplier">Returns the factor, at least 0.</param>
    /// <exception cref="ArgumentNullException"><paramref name="multiplier"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The table is watched.</exception>
    public PriceTable WithMultiplier(Func<UsageRecord, decimal> multiplier)
    {
        ArgumentNullException.ThrowIfNull(multiplier);
        return With(Options with { Multiplier = multiplier });
    }

    /// <summary>
    /// Returns the table with factors on the standard rates for classes of service and places that it has no rates for,
    /// for example <c>"flex"</c> 0.5, <c>"batch"</c> 0.5, <c>"us"</c> 1.1. A class that is neither here nor in the table
    /// leaves the record unpriced.
    /// </summary>
    /// <param name="multipliers">The factors, at least 0 each; applied to tokens alone; case does not matter.</param>
    /// <exception cref="ArgumentNullException"><paramref name="multipliers"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A factor is negative.</exception>
    /// <exception cref="InvalidOperationException">The table is watched.</exception>
    public PriceTable WithRateMultipliers(IReadOnlyDictionary<string, decimal> multipliers)
    {
        ArgumentNullException.ThrowIfNull(multipliers);
        return With(Options with { RateMultipliers = multipliers });
    }

    /// <summary>Returns the table with a version to note in <see cref="UsageCost.PriceTableVersion"/>, in place of a hash of its text.</summary>
    /// <param name="version">The version.</param>
    /// <exception cref="ArgumentNullException"><paramref name="version"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The table is watched.</exception>
    public PriceTable WithVersion(string version)
    {
        ArgumentNullException.ThrowIfNull(version);
        return With(Options with { Version = version });
    }

    /// <summary>Returns the table with estimated counts left unpriced. Unless it is called, they are priced, and the record says which counts were estimated.</summary>
    /// <exception cref="InvalidOperationException">The table is watched.</exception>
    public PriceTable WithoutEstimates() => With(Options with { PriceEstimates = false });

    /// <summary>Reads the file of a watched table if it has changed since it was last read.</summary>
    /// <returns>Whether the table in use is that of the newest file; true for a table that is not watched.</returns>
    public bool Reload() => _watched?.Reload() ?? true;

    /// <summary>Ends the looking for new files. The table that is loaded stays in use.</summary>
    public void Dispose() => _watched?.Dispose();

    /// <summary>
    /// Returns the cost of a response; null where it cannot be priced, never 0 for unknown. <see cref="Reprice"/> says
    /// why not.
    /// </summary>
    /// <param name="record">The record. A record that was read back from JSON costs the same.</param>
    /// <exception cref="ArgumentNullException"><paramref name="record"/> is null.</exception>
    public UsageCost? Price(UsageRecord record) => Evaluate(record).Cost;

    /// <summary>Returns the record with its cost by this table, or with the reason why there is none: for stored records that are priced again.</summary>
    /// <param name="record">The record. A record that was read back from JSON costs the same.</param>
    /// <exception cref="ArgumentNullException"><paramref name="record"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The multiplier is negative.</exception>
    public UsageRecord Reprice(UsageRecord record)
    {
        PricingResult result = Evaluate(record);
        return record with { Cost = result.Cost, UnpricedReason = result.UnpricedReason, UnpricedModel = result.UnpricedModel };
    }

    PricingResult IExplainedPricing.Evaluate(UsageRecord record) => Evaluate(record);

    /// <summary>Returns the cost of a response, or why there is none.</summary>
    internal PricingResult Evaluate(UsageRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return Current is { } table ? table.EvaluateFixed(record) : PricingResult.Unpriced(UnpricedReasons.NoTable, null);
    }

    /// <summary>
    /// Returns the cost that a request may have, before it is answered; null where the model is not known.
    /// </summary>
    /// <param name="context">The request; the limit of its output is read from
    /// <see cref="UsageContext.RequestBody"/>.</param>
    /// <param name="inputTokens">Tokens of everything that the request sends.</param>
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
        return new PriceTable(_table, _ownVersion, options);
    }

    private void ThrowIfWatched()
    {
        if (_watched is not null)
        {
            throw new InvalidOperationException($"A watched table is changed by the {nameof(Watch)} argument 'configure'.");
        }
    }

    private static string HashOf(ReadOnlySpan<byte> utf8Json) =>
        $"sha256:{Convert.ToHexString(SHA256.HashData(utf8Json)).AsSpan(0, 12).ToString().ToLowerInvariant()}";
}
