namespace StreamUsage.Benchmarks.Live;

/// <summary>A measurement's figures: to be read on a console, or as Markdown.</summary>
internal sealed class LiveTable(string title, IReadOnlyList<string> columns)
{
    private readonly List<IReadOnlyList<string>> _rows = [];

    public void Add(params IReadOnlyList<string> cells) => _rows.Add(cells);

    public void Write(TextWriter output, bool asMarkdown)
    {
        output.WriteLine();
        output.WriteLine(title);
        if (asMarkdown)
        {
            output.WriteLine();
            output.WriteLine($"| {string.Join(" | ", columns)} |");
            output.WriteLine($"| --- |{string.Concat(columns.Skip(1).Select(static _ => " --: |"))}");
            _rows.ForEach(row => output.WriteLine($"| {string.Join(" | ", row)} |"));
            return;
        }

        int[] widths = [.. columns.Select((column, i) => _rows.Append(columns).Max(row => row[i].Length))];
        foreach (IReadOnlyList<string> row in _rows.Prepend(columns))
        {
            output.WriteLine($"  {row[0].PadRight(widths[0])}"
                + $"{string.Concat(row.Index().Skip(1).Select(cell => "  " + cell.Item.PadLeft(widths[cell.Index])))}");
        }
    }
}
