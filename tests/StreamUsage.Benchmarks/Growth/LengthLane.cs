using System.Diagnostics;

namespace StreamUsage.Benchmarks.Growth;

/// <summary>Whole streams of one length, one after the other: from the call that tracks a stream until its record was
/// handed over.</summary>
internal sealed class LengthLane(EventBlock block, ReadSize readSize, int events, UsageTracker tracker)
{
    private const int EventsPerSample = 20_000;

    private readonly TrackedReading _reading = new(new CircularStream(block, readSize));
    private readonly byte[] _buffer = new byte[81_920];
    private readonly List<double> _nanoseconds = [];
    private readonly List<double> _allocated = [];
    private int _firstDelta;

    public EventBlock Block => block;

    public ReadSize ReadSize => readSize;

    public int Events => events;

    public double NanosecondsPerEvent => Lane.Median(_nanoseconds) / events;

    /// <summary>Bytes a stream, on whichever thread.</summary>
    public double AllocatedPerStream => Lane.Median(_allocated);

    /// <summary>Time an event beyond those of a shorter stream: what a stream costs at its two ends is in both. By the
    /// round: what disturbs the machine disturbs both.</summary>
    public double MarginalNanoseconds(LengthLane shorter) =>
        Lane.Median(_nanoseconds.Zip(shorter._nanoseconds, (own, others) => (own - others) / (events - shorter.Events)));

    public void Sample()
    {
        (double nanoseconds, double allocated) = Measure(Math.Max(1, EventsPerSample / events));
        _nanoseconds.Add(nanoseconds);
        _allocated.Add(allocated);
    }

    /// <summary>Nanoseconds and allocated bytes a stream.</summary>
    public (double Nanoseconds, double Allocated) Measure(int streams)
    {
        TimeSpan elapsed = TimeSpan.Zero;
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < streams; i++)
        {
            long start = Stopwatch.GetTimestamp();
            _reading.Open(tracker, events, _firstDelta);
            _reading.ReadToEnd(_buffer);
            _reading.WaitForRecord();
            elapsed += Stopwatch.GetElapsedTime(start);
            _reading.Check();
            _firstDelta = (_firstDelta + events - block.FixedEvents) % block.DeltaCount;
        }

        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        return (elapsed.TotalNanoseconds / streams, (double)allocated / streams);
    }
}
