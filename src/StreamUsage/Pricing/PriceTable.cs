using System.Security.Cryptography;
using StreamUsage.Pricing.Reading;
using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing;

/// <summary>Prices records by a public price list that the user provides: <c>data.json</c> of genai-prices (v1 and v2),
/// or LiteLLM's <c>model_prices_and_context_window.json</c>. All amounts are decimals. Thread-safe; the same record
/// always costs the same.</summary>
public sealed class PriceTable : IUsagePricing
{
    private readonly PriceTableOptions _options;
    private readonly ModelMatcher _models;
    private readonly string _version;

    private PriceTable(ReadTable table, string version, PriceTableOptions options)
    {
        foreach ((string name, decimal factor) in options.RateMultipliers)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(factor, $"{nameof(options.RateMultipliers)}[{name}]");
        }

        _options = options with { RateMultipliers = options.RateMultipliers.ToDictionary(StringComparer.OrdinalIgnoreCase) };
        _models = new ModelMatcher(table.Providers, options.Overrides?._models);
        _version = options.Overrides is { } overrides ? $"{version}+{overrides._version}" : version;
        UnreadFields = table.UnreadFields;
    }

    /// <summary>Gets the version that costs note: <see cref="PriceTableOptions.Version"/>, else <c>sha256:</c> and the
    /// beginning of the hash of the table's text; with the overrides' behind it.</summary>
    public string Version => _version;

    /// <summary>Gets the names of prices that this library does not read, each once: rates of what a record does not
    /// count. Empty where all were read.</summary>
    public IReadOnlyList<string> UnreadFields { get; }

    /// <summary>Gets whether pricing calls the user's code.</summary>
    internal bool CallsUserCode => _options.Multiplier is not null;

    /// <summary>Reads a price table. Its format is told by its shape: an array is genai-prices', an object
    /// LiteLLM's.</summary>
    /// <param name="utf8Json">The table's JSON in UTF-8.</param>
    /// <exception cref="FormatException">It is not a price table; the message names the entry.</exception>
    public static PriceTable Parse(ReadOnlySpan<byte> utf8Json) => Parse(utf8Json, new PriceTableOptions());

    /// <summary>Reads a price table.</summary>
    /// <param name="utf8Json">The table's JSON in UTF-8.</param>
    /// <param name="options">How to price.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A factor of the options is negative.</exception>
    /// <exception cref="FormatException">It is not a price table; the message names the entry.</exception>
    public static PriceTable Parse(ReadOnlySpan<byte> utf8Json, PriceTableOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ReadTable table = TableReader.Read(utf8Json);
        return new PriceTable(table, options.Version ?? HashOf(utf8Json), options);
    }

    /// <summary>Reads a price table from a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="FormatException">It is not a price table; the message names the entry.</exception>
    public static PriceTable Load(string path) => Load(path, new PriceTableOptions());

    /// <summary>Reads a price table from a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How to price.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A factor of the options is negative.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="FormatException">It is not a price table; the message names the entry.</exception>
    public static PriceTable Load(string path, PriceTableOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(options);
        return Parse(File.ReadAllBytes(path), options);
    }

    /// <summary>Returns the cost of a response; null where it cannot be priced, never 0 for unknown.
    /// <see cref="Evaluate"/> says why not.</summary>
    /// <param name="record">The record. A record that was read back from JSON costs the same.</param>
    /// <exception cref="ArgumentNullException"><paramref name="record"/> is null.</exception>
    public UsageCost? Price(UsageRecord record) => Evaluate(record).Cost;

    /// <summary>Returns the cost of a response, or why there is none.</summary>
    /// <param name="record">The record. A record that was read back from JSON costs the same.</param>
    /// <exception cref="ArgumentNullException"><paramref name="record"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The multiplier is negative.</exception>
    public PricingResult Evaluate(UsageRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (record.Status == UsageStatus.Pending)
        {
            return PricingResult.Unpriced(UnpricedReasons.Pending, null);
        }

        return !_options.PriceEstimates && (record.InputSource == TokenSource.Estimated || record.OutputSource == TokenSource.Estimated)
            ? PricingResult.Unpriced(UnpricedReasons.EstimatedUsage, null)
            : new RecordPricing(record, _models, _options, _version).Evaluate();
    }

    /// <summary>Returns the cost that a request may have, before it is answered; null where the model is not
    /// known.</summary>
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
        return RequestPricing.Quote(context, inputTokens, _models, _options);
    }

    private static string HashOf(ReadOnlySpan<byte> utf8Json) =>
        $"sha256:{Convert.ToHexString(SHA256.HashData(utf8Json)).AsSpan(0, 12).ToString().ToLowerInvariant()}";
}
