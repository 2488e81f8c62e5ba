using System.Globalization;

namespace UsageReport;

/// <summary>Prints rows as a table with columns, or as CSV (RFC 4180).</summary>
internal sealed class Table(params string[] columns)
{
    private readonly List<string[]> _rows = [];

    public void Add(params object?[] values) =>
        _rows.Add([.. values.Select(
            static value => value is IFormattable number ? number.ToString(null, CultureInfo.InvariantCulture) : value?.ToString() ?? "")]);

    public void Print(TextWriter output, bool isCsv)
    {
        int[] widths = [.. columns.Select((column, i) => _rows.Select(row => row[i].Length).Append(column.Length).Max())];
        foreach (string[] row in _rows.Prepend(columns))
        {
            output.WriteLine(isCsv
                ? string.Join(',', row.Select(Quote))
                : string.Join("  ", row.Select((value, i) => IsNumber(value) ? value.PadLeft(widths[i]) : value.PadRight(widths[i])))
                    .TrimEnd());
        }
    }

    private static bool IsNumber(string value) => value.Length != 0 && value.All(static c => char.IsAsciiDigit(c) || c is '.' or '-');

    // A spreadsheet runs a text that begins with one of these as a formula.
    private static string Quote(string value)
    {
        string safe = value.Length != 0 && "=+@\t\r".Contains(value[0]) ? "'" + value : value;
        return safe.AsSpan().IndexOfAny(",\"\r\n") < 0 ? safe : $"\"{safe.Replace("\"", "\"\"")}\"";
    }
}
