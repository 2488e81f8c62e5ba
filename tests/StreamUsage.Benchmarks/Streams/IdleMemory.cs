using StreamUsage.Benchmarks.Contenders;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Streams;

/// <summary>What is live while many responses are open and nothing comes.</summary>
internal static class IdleMemory
{
    private const int EventsRead = 20;

    private static readonly UsageContext Context = new() { RequestId = "benchmark" };

    public enum Situation
    {
        NothingRead,
        BetweenReads,
        ReadPending,
        ReadPendingWithinAnEvent,
    }

    public static string Describe(Situation situation) => situation switch
    {
        Situation.NothingRead => "tracked, not read",
        Situation.BetweenReads => $"{EventsRead} events read, no read pending",
        Situation.ReadPending => $"{EventsRead} events read, a read pending",
        _ => $"{EventsRead} events and a half read, a read pending",
    };

    /// <summary>Bytes a stream, the response and its content included.</summary>
    public static double Measure(Workload workload, Situation situation, int count, bool isTracked)
    {
        // One stream ahead of the others: what is made once is not theirs.
        Open(workload, situation, 1, isTracked);
        return Open(workload, situation, count, isTracked);
    }

    /// <summary>After everything was collected that can be.</summary>
    public static long LiveBytes()
    {
        // What the sink was called with is on its way for a moment longer.
        for (int i = 0; i < 3; i++)
        {
            Thread.Sleep(100);
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static double Open(Workload workload, Situation situation, int count, bool isTracked)
    {
        var sink = new CountingSink();
        var tracker = new UsageTracker(sink, new StreamUsageOptions { Capture = CapturedContent.None });
        var open = new HttpResponseMessage[count];
        var pending = new Task<int>?[count];
        byte[] buffer = new byte[81_920];
        int available = workload.EventEnds[EventsRead - 1] + (situation == Situation.ReadPendingWithinAnEvent ? 60 : 0);
        long before = LiveBytes();
        for (int i = 0; i < count; i++)
        {
            HttpResponseMessage response = open[i] = Responses.Create(new IdleStream(workload.Body, available));
            if (isTracked)
            {
                response.TrackUsage(tracker, Context);
            }

            if (situation != Situation.NothingRead)
            {
                pending[i] = Read(response, situation, buffer);
            }
        }

        double bytes = (LiveBytes() - before) / (double)count;
        GC.KeepAlive(pending);
        foreach (HttpResponseMessage response in open)
        {
            response.Dispose();
        }

        if (isTracked)
        {
            sink.WaitForRecords(count);
        }

        tracker.DisposeAsync().AsTask().Wait();
        return bytes;
    }

    private static Task<int>? Read(HttpResponseMessage response, Situation situation, byte[] buffer)
    {
        Stream stream = response.Content.ReadAsStream();
        stream.ReadAsync(buffer).AsTask().Wait();

        return situation == Situation.BetweenReads ? null : stream.ReadAsync(buffer).AsTask();
    }
}
