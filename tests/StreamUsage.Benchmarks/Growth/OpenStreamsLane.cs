using System.Diagnostics;

namespace StreamUsage.Benchmarks.Growth;

/// <summary>Opens many streams and reads one event of each in turn. The order is random, so that the next stream's
/// state is not the next in memory.</summary>
internal sealed class OpenStreamsLane
{
    // What is timed are the same events of every stream, however many are open: a stream's first events cost more than
    // its later ones.
    private const int EventsBefore = 20, EventsTimed = 100, Events = 150, EventsPerSample = 20_000;

    private readonly EventBlock _block;
    private readonly UsageTracker? _tracker;
    private readonly TrackedReading[] _readings, _turns;
    private readonly TurnReader[] _readers;
    private readonly List<double> _nanoseconds = [];
    private readonly List<double> _collecting = [];
    private readonly List<double> _allocated = [];

    /// <summary>Prepares the streams; none is open before <see cref="Sample"/>.</summary>
    /// <param name="block">What is read.</param>
    /// <param name="streams">How many are open at once.</param>
    /// <param name="threads">How many threads read; each has its share of the streams.</param>
    /// <param name="tracker">Null where the streams are not tracked.</param>
    public OpenStreamsLane(EventBlock block, int streams, int threads, UsageTracker? tracker)
    {
        (_block, _tracker, Streams, Threads) = (block, tracker, streams, threads);
        _readings = [.. Enumerable.Range(0, streams).Select(_ => new TrackedReading(new CircularStream(block, ReadSize.All[0])))];
        _turns = [.. _readings];
        new Random(4007).Shuffle(_turns);
        _readers = [.. _turns.Chunk((streams + threads - 1) / threads).Select(static share => new TurnReader(share))];
    }

    public EventBlock Block => _block;

    public int Streams { get; }

    public int Threads { get; }

    public bool IsTracked => _tracker is not null;

    public double NanosecondsPerEvent => Lane.Median(_nanoseconds);

    /// <summary>How much of it the garbage collector took.</summary>
    public double CollectingPerEvent => Lane.Median(_collecting);

    /// <summary>Bytes a stream, on whichever thread.</summary>
    public double AllocatedPerStream => Lane.Median(_allocated);

    /// <summary>How many times as fast as another lane in the same round.</summary>
    public double SpeedUpOver(OpenStreamsLane other) =>
        Lane.Median(_nanoseconds.Zip(other._nanoseconds, static (own, others) => others / own));

    public void Sample()
    {
        (double nanoseconds, double collecting, double allocated) = Measure(Math.Max(1, EventsPerSample / EventsTimed / Streams));
        _nanoseconds.Add(nanoseconds);
        _collecting.Add(collecting);
        _allocated.Add(allocated);
    }

    /// <summary>Nanoseconds an event, those of garbage collections among them, and allocated bytes a stream, of so many
    /// times all streams.</summary>
    public (double Nanoseconds, double Collecting, double Allocated) Measure(int times)
    {
        TimeSpan elapsed = TimeSpan.Zero, collecting = TimeSpan.Zero;
        long allocated = 0;
        for (int i = 0; i < times; i++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int stream = 0; stream < Streams; stream++)
            {
                _readings[stream].Open(_tracker, Events, (int)((long)stream * Events % _block.DeltaCount));
            }

            foreach (TurnReader reader in _readers)
            {
                reader.ReadTurns(EventsBefore);
            }

            TimeSpan paused = GC.GetTotalPauseDuration();
            elapsed += TurnReader.Time(_readers, EventsTimed);
            collecting += GC.GetTotalPauseDuration() - paused;
            foreach (TurnReader reader in _readers)
            {
                reader.Finish();
            }

            allocated += GC.GetTotalAllocatedBytes(precise: true) - before;
            Array.ForEach(_readings, static reading => reading.Check());
        }

        double streams = (double)times * Streams, events = streams * EventsTimed;
        return (elapsed.TotalNanoseconds / events, collecting.TotalNanoseconds / events, allocated / streams);
    }
}
