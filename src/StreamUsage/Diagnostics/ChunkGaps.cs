using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace StreamUsage.Diagnostics;

/// <summary>Measures the times between the events of one stream, which the conventions call chunks. Keeps the count and
/// the sum of each bucket, so that its memory is constant.</summary>
internal sealed class ChunkGaps
{
    // Recording one takes OpenTelemetry's SDK 1 µs, on the thread that delivers records.
    private const int MaxEvents = 1000;

    private readonly (int Count, double Seconds)[] _buckets = new (int, double)[GenAIMetrics.DurationBoundaries.Length + 1];
    private TimeSpan _last;
    private long _events;
    private int _measured;

    /// <summary>Adds the events that have come since the last call.</summary>
    /// <param name="at">The time since the stream's start.</param>
    /// <param name="events">The number of events so far. The events of one read count as simultaneous.</param>
    public void Received(TimeSpan at, long events)
    {
        long arrived = Math.Min(events - _events, MaxEvents - _measured);
        if (arrived <= 0)
        {
            return;
        }

        bool isFirst = _events == 0;
        _events = events;
        _measured += (int)arrived;
        if (!isFirst)
        {
            Add((at - _last).TotalSeconds, 1);
        }

        Add(0, (int)arrived - 1);
        _last = at;
    }

    /// <summary>Records the time before each event but the first, as the mean of its bucket.</summary>
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

    private void Add(double seconds, int events)
    {
        int bucket = Array.BinarySearch(GenAIMetrics.DurationBoundaries, seconds);
        ref (int Count, double Seconds) sums = ref _buckets[bucket < 0 ? ~bucket : bucket];
        sums = (sums.Count + events, sums.Seconds + (seconds * events));
    }
}
