namespace StreamUsage.Benchmarks.Growth;

/// <summary>All that the growth command measures, sampled in interleaved rounds.</summary>
internal sealed class GrowthLanes
{
    /// <summary>A stream of so few events is the fixed cost of one.</summary>
    public const int ShortestLength = 10;

    private readonly List<Action> _samples;

    public GrowthLanes(UsageTracker tracker)
    {
        IReadOnlyList<EventBlock> blocks = EventBlock.CreateAll();
        ReadSize[] readSizes = [.. ReadSize.All.Where(static size => size.Bytes is 0 or 1_400)];
        Lengths = [.. from block in blocks from size in readSizes from length in EventCounts.Prepend(ShortestLength) select new LengthLane(
            block, size, length, tracker)];
        Open = [.. from block in blocks from isTracked in (bool[])[true, false] from count in StreamCounts select new OpenStreamsLane(
            block, count, 1, isTracked ? tracker : null)];
        Threaded = [.. from block in blocks from isTracked in (bool[])[true, false] from threads in ThreadCounts select new OpenStreamsLane(
            block, ThreadedStreams, threads, isTracked ? tracker : null)];
        _samples = [.. Lengths.Select(static lane => (Action)lane.Sample),
            .. Open.Concat(Threaded).Select(static lane => (Action)lane.Sample)];
    }

    public static IReadOnlyList<int> EventCounts { get; } = [100, 1_000, 10_000, 100_000, 1_000_000];

    public static IReadOnlyList<int> StreamCounts { get; } = [1, 10, 100, 1_000, 10_000];

    public static IReadOnlyList<int> ThreadCounts { get; } = [1, 2];

    /// <summary>How many streams the threads share.</summary>
    public static int ThreadedStreams => 1_000;

    /// <summary>Tracked streams by their length.</summary>
    public IReadOnlyList<LengthLane> Lengths { get; }

    /// <summary>Streams by how many are open, read by one thread.</summary>
    public IReadOnlyList<OpenStreamsLane> Open { get; }

    /// <summary>Streams by how many threads read them.</summary>
    public IReadOnlyList<OpenStreamsLane> Threaded { get; }

    /// <summary>Everything that runs later, without the sizes that take long: nothing is measured.</summary>
    public void RunOnce()
    {
        foreach (LengthLane lane in Lengths.Where(static lane => lane.Events <= 1_000))
        {
            lane.Measure(streams: 10);
        }

        foreach (OpenStreamsLane lane in Open.Concat(Threaded).Where(static lane => lane.Streams <= 1_000))
        {
            lane.Measure(times: 1);
        }
    }

    /// <summary>One sample of each, in turn; every round begins with another.</summary>
    public void Sample(int round)
    {
        for (int i = 0; i < _samples.Count; i++)
        {
            _samples[(round + i) % _samples.Count]();
        }
    }
}
