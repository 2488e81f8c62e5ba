using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace StreamUsage.Diagnostics;

/// <summary>Measures the times between the chunks of one stream in constant memory: by bucket, with each bucket's
/// sum.</summary>
internal sealed class ChunkGaps
{
    // Each costs OpenTelemetry's SDK 1 µs, on the thread that delivers records.
    private const int MaxChunks = 1000;

    private readonly (int Count, double Seconds)[] _buckets = new (int, double)[GenAIMetrics.DurationBoundaries.Length + 1];
    private TimeSpan _last;
    private long _events;
    private int _chunks;

    /// <summary>Notes the events that have come.</summary>
    /// <param name="at">The time since the stream's start.</param>
    /// <param name="events">The number of events so far. Those that came in one read came at once.</param>
    public void Received(TimeSpan at, long events)
    {
        long arrived = Math.Min(events - _events, MaxChunks - _chunks);
        if (arrived <= 0)
        {
            return;
        }

        bool isFirst = _events == 0;
        _events = events;
        _chunks += (int)arrived;
        if (!isFirst)
        {
            Add((at - _last).TotalSeconds, 1);
        }

        Add(0, (int)arrived - 1);
        _last = at;
    }

    /// <summary>Records each chunk after the first.</summary>
    public void Record(Histogram<double> histogram, in TagList attributes)
    {
        foreach ((int count, double seconds) in _buckets)
        {
            for (int i = 0; i < count; i++)
            {
                histogram.Record(seconds / count, attributes);
            }
        }
    }

    private void Add(double seconds, int chunks)
    {
        int bucket = Array.BinarySearch(GenAIMetrics.DurationBoundaries, seconds);
        ref (int Count, double Seconds) sums = ref _buckets[bucket < 0 ? ~bucket : bucket];
        sums = (sums.Count + chunks, sums.Seconds + (seconds * chunks));
    }
}
