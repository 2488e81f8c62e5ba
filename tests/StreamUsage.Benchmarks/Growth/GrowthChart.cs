namespace StreamUsage.Benchmarks.Growth;

/// <summary>What was measured, as a chart.</summary>
internal static class GrowthChart
{
    // About as far from white as from black: 3.5 to 1 or more on both.
    private static readonly string[] Colors = ["#2f81f7", "#0f9184", "#d1690e", "#c9509a"];

    public static string Draw(GrowthLanes growth) =>
        new SvgChart("StreamUsage: time an event by the length of a stream and by the streams open at once",
            [ByLength(growth), ByOpenStreams(growth)]).Draw();

    private static ChartPanel ByLength(GrowthLanes growth)
    {
        var series = new List<ChartSeries>();
        foreach (IGrouping<(string, string), LengthLane> lanes in growth.Lengths
            .GroupBy(static lane => (lane.Block.Name, lane.ReadSize.Bytes == 0 ? "an event a read" : lane.ReadSize.Description)))
        {
            LengthLane shortest = lanes.First();
            string color = Colors[series.Count / 2];
            series.Add(new ChartSeries(null, color, IsDashed: true, [.. lanes.Skip(1).Select(lane => lane.MarginalNanoseconds(shortest))]));
            series.Add(new ChartSeries($"{lanes.Key.Item1}, {lanes.Key.Item2}",
                color, IsDashed: false, [.. lanes.Skip(1).Select(static lane => lane.NanosecondsPerEvent)]));
        }

        return new ChartPanel("ns an event, by the length of the stream",
            $"events of the stream (dashed: without its first {GrowthLanes.ShortestLength} and its record)",
            GrowthLanes.EventCounts, series);
    }

    private static ChartPanel ByOpenStreams(GrowthLanes growth)
    {
        var series = new List<ChartSeries>();
        foreach (IGrouping<(string, bool), OpenStreamsLane> lanes in growth.Open.GroupBy(static lane => (lane.Block.Name, lane.IsTracked)))
        {
            // The colours of the same reads in the other panel.
            (string name, bool isTracked) = lanes.Key;
            series.Add(new ChartSeries($"{name}, {(isTracked ? "tracked" : "not tracked")}",
                Colors[series.Count / 2 * 2], IsDashed: !isTracked, [.. lanes.Select(static lane => lane.NanosecondsPerEvent)]));
        }

        return new ChartPanel(
            "ns an event, by the streams open at once", "open streams, read in turn, an event a read", GrowthLanes.StreamCounts, series);
    }
}
