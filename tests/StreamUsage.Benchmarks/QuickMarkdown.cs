namespace StreamUsage.Benchmarks;

/// <summary>All races as one Markdown table: ns an event, and behind it the bytes allocated an event where there are
/// any.</summary>
internal static class QuickMarkdown
{
    public static void Write(TextWriter output, IReadOnlyList<Race> races)
    {
        // A contender that does not read every workload is in the race that has the most.
        List<(string Key, string Name)> columns =
            [.. races.MaxBy(static race => race.Lanes.Count)!.Lanes.Select(static lane => (lane.Contender.Key, lane.Contender.Name))];
        output.WriteLine($"| workload | reads | {string.Join(" | ", columns.Select(static column => column.Name))} | ours to framing | by "
            + "hand to ours |");
        output.WriteLine($"| --- | --- | {string.Concat(columns.Select(static _ => "--: | "))}--: | --: |");
        foreach (Race race in races)
        {
            IEnumerable<string> cells = columns.Select(column => Cell(race.Find(column.Key)));
            output.WriteLine($"| {race.Workload.Name} | {race.ReadSize.Name} | {string.Join(" | ", cells)} | "
                + $"{Ratio(race, "ours", "framing")} | {Ratio(race, "hand", "ours")} |");
        }
    }

    private static string Cell(Lane? lane) => lane is null ? ""
        : lane.MedianAllocated < 1 ? $"{lane.MedianNanoseconds:F0}" : $"{lane.MedianNanoseconds:F0} ({lane.MedianAllocated:N0} B)";

    private static string Ratio(Race race, string first, string second) =>
        race.Find(first) is { } one && race.Find(second) is { } other ? $"{one.RatioTo(other):F2}" : "";
}
