namespace StreamUsage.Benchmarks;

/// <summary>Writes a race's result as a table for a console.</summary>
internal static class QuickTable
{
    public static void Write(TextWriter output, Race race)
    {
        Lane? framing = race.Find("framing");
        int bytesPerEvent = race.Workload.Body.Length / race.Workload.EventCount;
        output.WriteLine();
        output.WriteLine($"{race.Workload.Name}, {race.ReadSize.Description} (events of {bytesPerEvent} B; streams of "
            + $"{race.Workload.EventCount:N0} and {race.Workload.Short.EventCount:N0} events)");
        output.WriteLine($"  {"",-28}{"ns/event",10}{"x framing",11}{"B/event",10}{"us/stream hot",15}{"cold",8}{"B/stream",11}");
        foreach (Lane lane in race.Lanes)
        {
            string ratio = framing is null ? "-" : $"{lane.RatioTo(framing):F2}";
            output.WriteLine($"  {lane.Contender.Name,-28}{lane.NanosecondsPerEvent,10:F1}{ratio,11}{lane.AllocatedPerEvent,10:F2}"
                + $"{lane.HotMicroseconds,15:F1}{lane.ColdMicroseconds,8:F1}{lane.AllocatedPerStream,11:N0}");
        }

        if (race.Find("ours") is { } ours && race.Find("hand") is { } hand)
        {
            output.WriteLine($"  by hand to ours, the whole long stream: {hand.WholeRatioTo(ours):F2}");
        }
    }
}
