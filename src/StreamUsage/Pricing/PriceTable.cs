using System.Security.Cryptography;
using StreamUsage.Pricing.Reading;
using StreamUsage.Pricing.Tables;

namespace StreamUsage.Pricing;

/// <summary>Prices records by a public price list: genai-prices' <c>data.json</c> (v1 and v2) or LiteLLM's
/// <c>model_prices_and_context_window.json</c>. All amounts are decimals. Thread-safe; equal records cost the
/// same.</summary>
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

    /// <summary>Gets the version that costs refer to: <see cref="PriceTableOptions.Version"/>, else <c>sha256:</c> and
    /// the beginning of the table's hash, followed by the overrides' version.</summary>
    public string Version => _version;

    /// <summary>Gets the distinct names of prices that were not read, since records do not count their units; empty if
    /// none.</summary>
    public IReadOnlyList<string> UnreadFields { get; }

    /// <summary>Gets whether pricing calls user code.</summary>
    internal bool CallsUserCode => _options.Multiplier is not null;

    /// <summary>Reads a price table. An array is genai-prices' format, an object LiteLLM's.</summary>
    /// <param name="utf8Json">The table's JSON in UTF-8.</param>
    /// <exception cref="FormatException">The JSON is not a price table; the message names the entry.</exception>
    public static PriceTable Parse(ReadOnlySpan<byte> utf8Json) => Parse(utf8Json, new PriceTableOptions());

    /// <summary>Reads a price table.</summary>
    /// <param name="utf8Json">The table's JSON in UTF-8.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A factor of the options is negative.</exception>
    /// <exception cref="FormatException">The JSON is not a price table; the message names the entry.</exception>
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
    /// <exception cref="FormatException">The file is not a price table; the message names the entry.</exception>
    public static PriceTable Load(string path) => Load(path, new PriceTableOptions());

    /// <summary>Reads a price table from a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A factor of the options is negative.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="FormatException">The file is not a price table; the message names the entry.</exception>
    public static PriceTable Load(string path, PriceTableOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(options);
        return Parse(File.ReadAllBytes(path), options);
    }

    /// <summary>Returns the cost of a response; null (never 0) if it cannot be priced. See
    /// <see cref="Evaluate"/>.</summary>
    /// <param name="record">The record. One that was read back from JSON costs the same.</param>
    /// <exception cref="ArgumentNullException"><paramref name="record"/> is null.</exception>
    public UsageCost? Price(UsageRecord record) => Evaluate(record).Cost;

    /// <summary>Returns the cost of a response, or why there is none.</summary>
    /// <param name="record">The record. One that was read back from JSON costs the same.</param>
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

    /// <summary>Returns the expected cost of a request; null if the model is unknown.</summary>
    /// <param name="context">The request. <see cref="UsageContext.RequestBody"/> holds the limit of its output.</param>
    /// <param name="inputTokens">The tokens of the whole request.</param>
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
