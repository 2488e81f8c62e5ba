using System.Globalization;

namespace StreamUsage.Benchmarks.Growth;

/// <summary>What was measured, as tables.</summary>
internal static class GrowthTables
{
    public static IEnumerable<GrowthTable> Of(GrowthLanes growth) =>
        [TimeByLength(growth), AllocationByLength(growth), TimeByOpenStreams(growth), AllocationByOpenStreams(growth), Throughput(growth)];

    private static GrowthTable TimeByLength(GrowthLanes growth)
    {
        var table = new GrowthTable("ns an event, by the events of the stream", Headings(GrowthLanes.EventCounts));
        foreach (IGrouping<string, LengthLane> lanes in growth.Lengths.GroupBy(NameOf))
        {
            LengthLane shortest = lanes.First();
            table.Add($"{lanes.Key}: the whole stream", lanes.Skip(1).Select(static lane => $"{lane.NanosecondsPerEvent:F1}"));
            table.Add(
                $"{lanes.Key}: after {shortest.Events} events", lanes.Skip(1).Select(lane => $"{lane.MarginalNanoseconds(shortest):F1}"));
        }

        return table;
    }

    private static GrowthTable AllocationByLength(GrowthLanes growth)
    {
        var table = new GrowthTable(
            "Bytes allocated a stream, by its events", Headings(GrowthLanes.EventCounts.Prepend(GrowthLanes.ShortestLength)));
        foreach (IGrouping<string, LengthLane> lanes in growth.Lengths.GroupBy(NameOf))
        {
            table.Add(lanes.Key, lanes.Select(static lane => $"{lane.AllocatedPerStream:N0}"));
        }

        return table;
    }

    private static GrowthTable TimeByOpenStreams(GrowthLanes growth)
    {
        var table = new GrowthTable("ns an event, an event a read, by the streams open at once", Headings(GrowthLanes.StreamCounts));
        foreach (IGrouping<string, OpenStreamsLane> lanes in growth.Open.GroupBy(NameOf))
        {
            table.Add(lanes.Key, lanes.Select(static lane => $"{lane.NanosecondsPerEvent:F1}"));
            if (lanes.First().IsTracked)
            {
                table.Add($"{lanes.Key}: of that the garbage collector", lanes.Select(static lane => $"{lane.CollectingPerEvent:F1}"));
            }
        }

        return table;
    }

    private static GrowthTable AllocationByOpenStreams(GrowthLanes growth)
    {
        var table = new GrowthTable("Bytes allocated a stream, by the streams open at once", Headings(GrowthLanes.StreamCounts));
        foreach (IGrouping<string, OpenStreamsLane> lanes in growth.Open.Where(static lane => lane.IsTracked).GroupBy(NameOf))
        {
            table.Add(lanes.Key, lanes.Select(static lane => $"{lane.AllocatedPerStream:N0}"));
        }

        return table;
    }

    private static GrowthTable Throughput(GrowthLanes growth)
    {
        var table = new GrowthTable($"Million events a second, {GrowthLanes.ThreadedStreams:N0} streams open, by the threads that read",
            [.. GrowthLanes.ThreadCounts.Select(static count => $"{count}"), "ratio"]);
        foreach (IGrouping<string, OpenStreamsLane> lanes in growth.Threaded.GroupBy(NameOf))
        {
            table.Add(lanes.Key, lanes.Select(static lane => $"{1000 / lane.NanosecondsPerEvent:F1}")
                .Append($"{lanes.Last().SpeedUpOver(lanes.First()):F2}"));
        }

        return table;
    }

    private static string[] Headings(IEnumerable<int> counts) =>
        [.. counts.Select(static count => count.ToString("N0", CultureInfo.InvariantCulture))];

    private static string NameOf(LengthLane lane) => $"{lane.Block.Name}, {lane.ReadSize.Description}";

    private static string NameOf(OpenStreamsLane lane) => $"{lane.Block.Name}, {(lane.IsTracked ? "tracked" : "not tracked")}";
}
