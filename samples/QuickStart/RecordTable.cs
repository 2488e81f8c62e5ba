using System.Globalization;
using StreamUsage;

namespace QuickStart;

/// <summary>Prints stored records as a table.</summary>
internal static class RecordTable
{
    public static void Print(IReadOnlyList<StoredRecord> records)
    {
        string[] titles = ["request", "protocol", "model", "outcome", "status", "input", "cache read", "cache creation", "output", "USD",
            "ms"];
        const int FirstNumber = 4;
        List<string[]> rows = [titles, .. records.Select(Row)];
        int[] widths = [.. titles.Select((_, column) => rows.Max(row => row[column].Length))];
        rows.Insert(1, [.. widths.Select(width => new string('-', width))]);

        foreach (string[] row in rows)
        {
            IEnumerable<string> cells =
                row.Select((cell, column) => column < FirstNumber ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]));
            Console.WriteLine(string.Join("  ", cells));
        }

        Console.WriteLine("~ estimated: the stream ended before the provider said it");
    }

    private static string[] Row(StoredRecord record) =>
    [
        record.RequestId ?? "",
        record.Protocol ?? "",
        record.Model ?? "",
        record.Outcome.ToString(),
        record.StatusCode.ToString(CultureInfo.InvariantCulture),
        Tokens(record.Input, record.InputSource),
        Tokens(record.CacheRead, record.InputSource),
        Tokens(record.CacheCreation, record.InputSource),
        Tokens(record.Output, record.OutputSource),
        record.Cost?.ToString("F6", CultureInfo.InvariantCulture) ?? "-",
        record.Milliseconds.ToString("N0", CultureInfo.InvariantCulture),
    ];

    private static string Tokens(long tokens, TokenSource source) => source switch
    {
        TokenSource.None => "-",
        TokenSource.Estimated => "~" + tokens.ToString("N0", CultureInfo.InvariantCulture),
        _ => tokens.ToString("N0", CultureInfo.InvariantCulture),
    };
}
