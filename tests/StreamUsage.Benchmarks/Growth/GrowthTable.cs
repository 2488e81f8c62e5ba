namespace StreamUsage.Benchmarks.Growth;

/// <summary>A table for a console or for Markdown. The first column is text, the others are figures.</summary>
internal sealed class GrowthTable(string title, IReadOnlyList<string> columns)
{
    private readonly List<IReadOnlyList<string>> _rows = [];

    public void Add(string name, IEnumerable<string> cells) => _rows.Add([name, .. cells]);

    public void Write(TextWriter output, bool asMarkdown)
    {
        output.WriteLine();
        output.WriteLine(title);
        if (asMarkdown)
        {
            output.WriteLine();
            WriteMarkdownRow(output, ["", .. columns]);
            WriteMarkdownRow(output, ["---", .. columns.Select(static _ => "--:")]);
            _rows.ForEach(row => WriteMarkdownRow(output, row));
            return;
        }

        foreach (IReadOnlyList<string> row in _rows.Prepend(["", .. columns]))
        {
            output.WriteLine($"  {row[0],-46}{string.Concat(row.Skip(1).Select(static cell => $"{cell,12}"))}");
        }
    }

    private static void WriteMarkdownRow(TextWriter output, IEnumerable<string> cells) =>
        output.WriteLine($"| {string.Join(" | ", cells)} |");
}
