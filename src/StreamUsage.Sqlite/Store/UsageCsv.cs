using System.Globalization;

namespace StreamUsage.Sqlite;

/// <summary>Writes sums as CSV (RFC 4180).</summary>
internal static class UsageCsv
{
    private static readonly (string Name, Func<UsageSum, object?> Value)[] Columns =
    [
        ("period", static sum => sum.Period?.ToString("u", CultureInfo.InvariantCulture)),
        ("user_id", static sum => sum.UserId),
        ("api_key_id", static sum => sum.ApiKeyId),
        ("model", static sum => sum.Model),
        ("provider", static sum => sum.Provider),
        ("records", static sum => sum.Records),
        ("failed_records", static sum => sum.FailedRecords),
        ("estimated_records", static sum => sum.EstimatedRecords),
        ("input_tokens", static sum => sum.BilledUsage.InputTokens),
        ("cache_read_tokens", static sum => sum.BilledUsage.CacheReadInputTokens),
        ("cache_creation_tokens", static sum => sum.BilledUsage.CacheCreationInputTokens),
        ("output_tokens", static sum => sum.BilledUsage.OutputTokens),
        ("cost", static sum => sum.Cost),
        ("unpriced_records", static sum => sum.UnpricedRecords),
    ];

    public static void Write(TextWriter writer, IEnumerable<UsageSum> sums)
    {
        writer.Write(string.Join(',', Columns.Select(static column => column.Name)) + "\r\n");
        foreach (UsageSum sum in sums)
        {
            writer.Write(string.Join(',', Columns.Select(column => Format(column.Value(sum)))) + "\r\n");
        }
    }

    private static string Format(object? value) =>
        value is string text ? Quote(text) : Convert.ToString(value, CultureInfo.InvariantCulture)!;

    private static string Quote(string text)
    {
        // A spreadsheet would run a text that begins with one of these as a formula.
        string safe = text.Length != 0 && "=+-@\t\r".Contains(text[0], StringComparison.Ordinal) ? "'" + text : text;
        return safe.AsSpan().IndexOfAny(",\"\r\n") < 0 ? safe : $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
