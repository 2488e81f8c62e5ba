using System.Text;
using System.Text.Json;
using StreamUsage.Pricing;
using StreamUsage.Pricing.Tables;

namespace StreamUsage.Export;

/// <summary>Adds up records and writes them as CSV by the FinOps Open Cost and Usage Specification (FOCUS) 1.2. Not
/// thread-safe.</summary>
/// <remarks>A row holds one hour (UTC), API key, model, bucket and price. Costs come from the records' price table, not
/// from an invoice.</remarks>
public sealed class FocusReport
{
    private readonly FocusOptions _options;
    private readonly Dictionary<FocusKey, FocusRow> _rows = [];
    private long _responses;

    /// <summary>Creates an empty report.</summary>
    /// <param name="options">The options; null for the defaults.</param>
    public FocusReport(FocusOptions? options = null) => _options = options ?? new FocusOptions();

    /// <summary>Gets the number of records that were left out because they have no cost; 0 if none.</summary>
    public long UnpricedRecords { get; private set; }

    /// <summary>Gets the number of rows, without the header.</summary>
    public int RowCount => _rows.Count;

    /// <summary>Adds a record. Returns false, and counts it in <see cref="UnpricedRecords"/>, if it has no
    /// cost.</summary>
    /// <param name="record">The priced record.</param>
    /// <exception cref="ArgumentNullException"><paramref name="record"/> is null.</exception>
    public bool Add(UsageRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (record.Cost is null)
        {
            UnpricedRecords++;
            return false;
        }

        // User code may throw: it is called before anything is added.
        string? subAccount = _options.SubAccountId?.Invoke(record);
        DateTimeOffset time = record.StartedAt.ToUniversalTime();
        _responses++;
        string tags = ToJson(record.Context.Tags);
        foreach (CostLine line in CostLine.Of(record))
        {
            var key = new FocusKey
            {
                Hour = new DateTimeOffset(time.Year, time.Month, time.Day, time.Hour, 0, 0, TimeSpan.Zero),
                ApiKeyId = record.Context.ApiKeyId,
                SubAccountId = subAccount,
                Entry = line.Cost.PricedAs.Length == 0
                    ? $"{record.Context.Provider ?? record.Protocol ?? "unknown"}/{record.ResponseModel ?? record.Context.Model}"
                    : line.Cost.PricedAs,
                Bucket = line.Key is { } rate ? RateKeys.Name(rate) : "response",
                Unit = UnitOf(line.Key),
                ListUnitPrice = line.Price,
                Multiplier = line.Cost.Multiplier,
                Currency = line.Cost.Currency,
                RateClass = line.Cost.RateClass,
                Region = record.InferenceGeo,
                IsEstimated = record.InputSource == TokenSource.Estimated || record.OutputSource == TokenSource.Estimated,
                PriceTableVersion = line.Cost.PriceTableVersion,
                Tags = tags,
            };
            if (!_rows.TryGetValue(key, out FocusRow? row))
            {
                _rows[key] = row = new FocusRow(key);
            }

            row.Add(line.Quantity, _responses);
        }

        return true;
    }

    /// <summary>Writes the report as CSV (RFC 4180): a header, then the rows by hour, API key, model and bucket. An
    /// empty field means null.</summary>
    /// <param name="writer">Receives the text; its lines end in CR LF.</param>
    /// <exception cref="ArgumentNullException"><paramref name="writer"/> is null.</exception>
    public void WriteCsv(TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        WriteLine(writer, FocusColumns.All.Select(column => column.Name));
        foreach (FocusRow row in _rows.Values.OrderBy(row => row.Key.Hour).ThenBy(row => row.Key.ApiKeyId, StringComparer.Ordinal)
            .ThenBy(row => row.Key.Entry, StringComparer.Ordinal).ThenBy(row => row.Key.Bucket, StringComparer.Ordinal))
        {
            WriteLine(writer, FocusColumns.All.Select(column => column.Value(row, _options)));
        }
    }

    private static void WriteLine(TextWriter writer, IEnumerable<string?> fields)
    {
        string separator = "";
        foreach (string? field in fields)
        {
            writer.Write(separator);
            bool isPlain = field.AsSpan().IndexOfAny(",\"\r\n") < 0;
            writer.Write(isPlain ? field : $"\"{field!.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
            separator = ",";
        }

        writer.Write("\r\n");
    }

    // FOCUS, Unit Format: plural and capitalised.
    private static string UnitOf(RateKey? key) => key switch
    {
        < RateKey.Request => "Tokens",
        RateKey.AudioSecond or RateKey.AudioMinute or RateKey.AudioHour or RateKey.SessionSecond => "Seconds",
        RateKey.InputImageCount or RateKey.OutputImageCount => "Images",
        RateKey.Pixel => "Pixels",
        RateKey.Character => "Characters",
        RateKey.Page or RateKey.AnnotatedPage => "Pages",
        RateKey.CodeSession => "Sessions",
        RateKey.SearchUnit => "Units",
        _ => "Requests",
    };

    private string ToJson(IReadOnlyDictionary<string, string>? tags)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            foreach (string name in _options.TagNames)
            {
                if (tags is not null && tags.TryGetValue(name, out string? value))
                {
                    writer.WriteString(name, value);
                }
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(json.ToArray());
    }
}
