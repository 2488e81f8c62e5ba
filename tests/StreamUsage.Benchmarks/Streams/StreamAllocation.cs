using System.Diagnostics;
using StreamUsage.Benchmarks.Contenders;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Streams;

/// <summary>What a response allocates from its tracking to its record, on whichever thread.</summary>
internal static class StreamAllocation
{
    // Records follow by a timer: waiting for each would take its time.
    private const int WarmUpStreams = 3_000, Streams = 2_000, Awaited = 50;

    private static readonly UsageContext Context = new() { RequestId = "benchmark" };

    /// <summary>Averages a stream in bytes, but the median of the times.</summary>
    /// <param name="Response">Allocated by the making of the response, on the reader's thread.</param>
    /// <param name="Tracking">Allocated by TrackUsage, on its caller's thread.</param>
    /// <param name="Reading">Allocated by getting the stream, reading it and disposing the response, on the reader's
    /// thread.</param>
    /// <param name="Record">What of the rest is the record and its usage object; 0 where the response is
    /// not tracked.</param>
    /// <param name="Total">Allocated on all threads but for the making of the response, measured precisely.</param>
    /// <param name="Microseconds">From TrackUsage to the end of the reading.</param>
    public readonly record struct Result(double Response, double Tracking, double Reading, double Record, double Total, double Microseconds)
    {
        /// <summary>What remains: the way from the end of the body to the sink.</summary>
        public double Delivery => Total - Tracking - Reading - Record;

        /// <summary>The same without what an untracked response allocates too.</summary>
        public Result Over(in Result untracked) => this with
        {
            Tracking = Tracking - untracked.Tracking,
            Reading = Reading - untracked.Reading,
            Total = Total - untracked.Total,
            Microseconds = Microseconds - untracked.Microseconds,
        };
    }

    /// <param name="workload">What is read.</param>
    /// <param name="readSize">In reads of this size.</param>
    /// <param name="capture">What is kept beside the figures; null where the response is not tracked.</param>
    /// <param name="takesStarts">Whether the sink is told of the beginning too.</param>
    public static Result Measure(Workload workload, ReadSize readSize, CapturedContent? capture, bool takesStarts = false)
    {
        CountingSink sink = takesStarts ? new StartCountingSink() : new CountingSink();
        UsageTracker? tracker = capture is { } content ? new UsageTracker(sink, new StreamUsageOptions { Capture = content }) : null;
        var body = new ScriptedStream(workload, readSize);
        byte[] buffer = new byte[81_920];
        var elapsed = new double[WarmUpStreams + Streams];
        long making = 0, tracking = 0, reading = 0, total = 0;
        for (int i = 0; i < WarmUpStreams + Streams; i++)
        {
            if (i == WarmUpStreams)
            {
                making = tracking = reading = 0;
                total = GC.GetTotalAllocatedBytes(precise: true);
            }

            body.Rewind();
            long before = GC.GetAllocatedBytesForCurrentThread();
            HttpResponseMessage response = Responses.Create(body);
            long made = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            if (tracker is not null)
            {
                response.TrackUsage(tracker, Context);
            }

            long tracked = GC.GetAllocatedBytesForCurrentThread();
            Stream stream = response.Content.ReadAsStream();
            while (stream.Read(buffer) != 0)
            {
            }

            response.Dispose();
            elapsed[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            long read = GC.GetAllocatedBytesForCurrentThread();
            making += made - before;
            tracking += tracked - made;
            reading += read - tracked;
            if (tracker is not null && (i + 1) % Awaited == 0)
            {
                (sink as StartCountingSink)?.WaitForStarted(i + 1);
                sink.WaitForRecords(i + 1);
            }
        }

        total = GC.GetTotalAllocatedBytes(precise: true) - total - making;
        tracker?.DisposeAsync().AsTask().Wait();
        return new Result(
            (double)making / Streams,
            (double)tracking / Streams,
            (double)reading / Streams,
            sink.Last is { } record ? RecordBytes(record) : 0,
            (double)total / Streams,
            Lane.Median(elapsed[WarmUpStreams..]));
    }

    // Copies have the size of what they copy.
    private static long RecordBytes(UsageRecord record)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        UsageRecord copy = record with { };
        byte[] json = new byte[record.ReportedUsage.Size];
        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        GC.KeepAlive(copy);
        GC.KeepAlive(json);
        return bytes;
    }
}
