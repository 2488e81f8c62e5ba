namespace StreamUsage.Benchmarks;

/// <summary>A race's result as a table to be read on a console.</summary>
internal static class QuickTable
{
    public static void Write(TextWriter output, Race race)
    {
        Lane? framing = race.Find("framing");
        int bytesPerEvent = race.Workload.Body.Length / race.Workload.EventCount;
        output.WriteLine();
        output.WriteLine($"{race.Workload.Name}, {race.ReadSize.Description} ({race.Workload.EventCount:N0} events of {bytesPerEvent} B)");
        output.WriteLine($"  {"",-28}{"ns/event",10}{"B/event",10}{"x framing",11}");
        foreach (Lane lane in race.Lanes)
        {
            string ratio = framing is null ? "-" : $"{lane.RatioTo(framing):F2}";
            output.WriteLine($"  {lane.Contender.Name,-28}{lane.MedianNanoseconds,10:F1}{lane.MedianAllocated,10:F2}{ratio,11}");
        }

        if (race.Find("ours") is { } ours && race.Find("hand") is { } hand)
        {
            output.WriteLine($"  {"by hand to ours",-28}{"",10}{"",10}{hand.RatioTo(ours),11:F2}");
        }
    }
}
