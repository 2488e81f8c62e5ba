using System.Diagnostics;
using System.Threading.Channels;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Streams;

/// <summary>
/// What the end of a stream costs its reader, after a pause in which every other thread has gone to sleep: the last
/// read and the dispose of a tracked stream, beside the ways in which an end can be passed to another thread.
/// </summary>
internal static class EndCost
{
    private const int Ends = 400, WarmUp = 50;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static bool Run()
    {
        Workload workload = ClaudeText.Create("claude", EnglishText.NextPhrase, 50);
        Console.WriteLine($"The end of a stream, for its reader, after {Pause.TotalMilliseconds} ms of pause (us; {Ends} ends)");
        Console.WriteLine($"  {"",-58}{"median",10}{"p99",10}");
        Print("a work item for the thread pool", PassOn(static () => ThreadPool.UnsafeQueueUserWorkItem(static _ => { }, null)));
        using var semaphore = new SemaphoreSlim(0);
        new Thread(() => Wait(semaphore)) { IsBackground = true }.Start();
        Print("a semaphore that a thread of its own waits for", PassOn(() => semaphore.Release()));
        Channel<int> channel = Channel.CreateUnbounded<int>();
        _ = Task.Run(async () =>
        {
            await foreach (int _ in channel.Reader.ReadAllAsync())
            {
            }
        });
        Print("a channel whose reader waits on the pool", PassOn(() => channel.Writer.TryWrite(1)));
        Print("an untracked stream: its last read and dispose", Streams(workload, isTracked: false, isAwaited: false, out double plain));
        Print("a tracked stream, its end left for the tick", Streams(workload, isTracked: true, isAwaited: false, out double tracked));
        Console.WriteLine($"    of it the end, without the last event: {tracked:F1}, untracked {plain:F1}");
        Print("a tracked stream whose record is awaited already", Streams(workload, isTracked: true, isAwaited: true, out double awaited));
        Console.WriteLine($"    of it the end, without the last event: {awaited:F1}");
        return tracked - plain <= 10;
    }

    private static void Wait(SemaphoreSlim semaphore)
    {
        while (true)
        {
            semaphore.Wait();
        }
    }

    private static double[] PassOn(Action pass) => Measure(static () => { }, pass);

    private static double[] Streams(Workload workload, bool isTracked, bool isAwaited, out double endAlone)
    {
        var tracker = new UsageTracker(
            new CallbackUsageSink(static (_, _) => ValueTask.CompletedTask), new StreamUsageOptions { Capture = CapturedContent.None });
        var body = new ScriptedStream(workload, ReadSize.All[0]);
        byte[] buffer = new byte[81_920];
        var ends = new List<double>();
        int reads = 0;
        while (body.Read(buffer) != 0)
        {
            reads++;
        }

        Stream stream = Stream.Null;
        double[] times = Measure(
            () =>
            {
                body.Rewind();
                stream = body;
                if (isTracked)
                {
                    stream = tracker.Track(body, new UsageContext(), out UsageTracking tracking, new TrackedResponse { LeaveOpen = true });
                    _ = isAwaited ? tracking.Completion : null;
                }

                for (int read = 0; read < reads - 1; read++)
                {
                    _ = stream.Read(buffer);
                }
            },
            () =>
            {
                _ = stream.Read(buffer);
                long end = Stopwatch.GetTimestamp();
                while (stream.Read(buffer) != 0)
                {
                }

                if (isTracked)
                {
                    stream.Dispose();
                }

                ends.Add(Stopwatch.GetElapsedTime(end).TotalMicroseconds);
            });
        endAlone = ends.Skip(WarmUp).Order().ElementAt(Ends / 2);
        tracker.DisposeAsync().AsTask().Wait();
        return times;
    }

    private static double[] Measure(Action prepare, Action end)
    {
        double[] times = new double[Ends + WarmUp];
        for (int i = 0; i < times.Length; i++)
        {
            prepare();
            Thread.Sleep(Pause);
            long start = Stopwatch.GetTimestamp();
            end();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        double[] counted = times[WarmUp..];
        Array.Sort(counted);
        return counted;
    }

    private static void Print(string name, double[] times) =>
        Console.WriteLine($"  {name,-58}{times[times.Length / 2],10:F1}{times[(int)(times.Length * 0.99)],10:F1}");
}
