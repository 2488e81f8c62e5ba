using System.Diagnostics;
using StreamUsage.Benchmarks.Contenders;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Live;

/// <summary>
/// How much later a chunk is handed to the caller: each read of a scripted body that gives one event a read is timed,
/// tracked and untracked. There is no network, whose own times would hide the difference. Of many streams in turn, each
/// has been out of the caches for a while, as in a busy gateway.
/// </summary>
internal static class AddedLatency
{
    private const int Rounds = 9, ManyStreams = 2_000, EventsOfMany = 50, EventsOfOne = 4_000, TurnsOfOne = 25;
    private const int BufferSize = 2_048;

    // A TimeSpan would round to 100 ns.
    private static readonly double NanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    public static async Task<LiveTable> MeasureAsync()
    {
        var table = new LiveTable(
            "Time of a read of one event, nothing between caller and body but the tracked stream (ns); added: at most 2,"
                + "000 at the median and 20,000 at p99 are wanted",
            ["reads", "untracked p50", "p99", "tracked p50", "p99", "added p50", "p99", "timed"]);
        await using var tracker = new UsageTracker(new CountingSink());
        Add(table, "of one stream after another", await RaceAsync(tracker, 1, LiveWorkloads.Get("claude", EventsOfOne), TurnsOfOne));
        Add(table, $"of {ManyStreams:N0} streams in turn",
            await RaceAsync(tracker, ManyStreams, LiveWorkloads.Get("claude", EventsOfMany), 1));
        return table;
    }

    private static async Task<(double[] Untracked, double[] Tracked)> RaceAsync(
        UsageTracker tracker, int streams, Workload workload, int turns)
    {
        List<double> untracked = [], tracked = [];
        async Task RunAsync()
        {
            for (int turn = 0; turn < turns; turn++)
            {
                await ReadAsync(null, streams, workload, untracked);
                await ReadAsync(tracker, streams, workload, tracked);
            }
        }

        await WarmUp.RunAsync(() =>
        {
            untracked.Clear();
            tracked.Clear();
            return RunAsync();
        });
        untracked.Clear();
        tracked.Clear();
        for (int round = 0; round < Rounds; round++)
        {
            await RunAsync();
        }

        return ([.. untracked.Order()], [.. tracked.Order()]);
    }

    // The reads that give an event; the one that says the end is not one.
    private static async Task ReadAsync(UsageTracker? tracker, int streams, Workload workload, List<double> nanoseconds)
    {
        var bodies = new Stream[streams];
        var trackings = new UsageTracking?[streams];
        for (int i = 0; i < streams; i++)
        {
            bodies[i] = new ScriptedStream(workload, ReadSize.All[0]);
            if (tracker is not null)
            {
                bodies[i] = tracker.Track(bodies[i], new UsageContext { RequestId = "benchmark" }, out trackings[i]);
            }
        }

        byte[] buffers = new byte[streams * BufferSize];
        nanoseconds.EnsureCapacity(nanoseconds.Count + (workload.EventCount * streams));
        for (int e = 0, position = 0; e < workload.EventCount; position = workload.EventEnds[e++])
        {
            for (int i = 0; i < streams; i++)
            {
                Memory<byte> buffer = buffers.AsMemory(i * BufferSize, BufferSize);
                long start = Stopwatch.GetTimestamp();
                int length = await bodies[i].ReadAsync(buffer);
                nanoseconds.Add((Stopwatch.GetTimestamp() - start) * NanosecondsPerTick);
                if (position + length != workload.EventEnds[e])
                {
                    throw new WrongAnswerException($"a read of {length} bytes where event {e:N0} has {workload.EventEnds[e] - position}");
                }
            }
        }

        for (int i = 0; i < streams; i++)
        {
            if (await bodies[i].ReadAsync(buffers) != 0)
            {
                throw new WrongAnswerException("a scripted body of one event a read had more reads than events");
            }

            if (trackings[i] is { } tracking)
            {
                TrackedReader.Check(await tracking.Completion, workload);
            }
        }
    }

    private static void Add(LiveTable table, string name, (double[] Untracked, double[] Tracked) times)
    {
        double[] all = [.. new[] { times.Untracked, times.Tracked }
            .SelectMany(static sorted => new[] { Spread.At(sorted, 0.5), Spread.At(sorted, 0.99) })];
        table.Add([name, .. all.Append(all[2] - all[0])
            .Append(all[3] - all[1]).Append(times.Tracked.Length).Select(static figure => $"{figure:N0}")]);
    }
}
