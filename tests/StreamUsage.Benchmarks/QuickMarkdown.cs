namespace StreamUsage.Benchmarks;

/// <summary>Writes all races as one Markdown table: ns an event, with the bytes allocated an event where there are any,
/// and the fixed costs of a stream of ours.</summary>
internal static class QuickMarkdown
{
    public static void Write(TextWriter output, IReadOnlyList<Race> races)
    {
        // A contender that does not read every workload is in the race that has the most.
        List<(string Key, string Name)> columns =
            [.. races.MaxBy(static race => race.Lanes.Count)!.Lanes.Select(static lane => (lane.Contender.Key, lane.Contender.Name))];
        output.WriteLine($"| workload | reads | {string.Join(" | ", columns.Select(static column => column.Name))} | ours to framing | by "
            + "hand to ours | us a stream, hot | cold | B a stream |");
        output.WriteLine($"| --- | --- | {string.Concat(columns.Select(static _ => "--: | "))}--: | --: | --: | --: | --: |");
        foreach (Race race in races)
        {
            Lane? ours = race.Find("ours"), framing = race.Find("framing"), hand = race.Find("hand");
            IEnumerable<string> cells = columns.Select(column => Cell(race.Find(column.Key)));
            output.WriteLine($"| {race.Workload.Name} | {race.ReadSize.Name} | {string.Join(" | ", cells)} | "
                + $"{(framing is null ? null : ours?.RatioTo(framing)):F2} | {(ours is null ? null : hand?.WholeRatioTo(ours)):F1} | "
                + $"{ours?.HotMicroseconds:F1} | {ours?.ColdMicroseconds:F1} | {ours?.AllocatedPerStream:N0} |");
        }
    }

    private static string Cell(Lane? lane) => lane is null ? ""
        : lane.AllocatedPerEvent < 1 ? $"{lane.NanosecondsPerEvent:F0}" : $"{lane.NanosecondsPerEvent:F0} ({lane.AllocatedPerEvent:N0} B)";
}
