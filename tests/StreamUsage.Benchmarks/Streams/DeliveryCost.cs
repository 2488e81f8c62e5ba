using System.Diagnostics;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Streams;

/// <summary>Measures how long several readers take for whole streams, with a sink that does nothing and with one that
/// fails, hangs and goes away.</summary>
internal static class DeliveryCost
{
    private const int Readers = 2, StreamsEach = 10_000, EventsEach = 50;

    public static void Run()
    {
        Workload workload = ClaudeText.Create("claude", EnglishText.NextPhrase, EventsEach);
        Measure(workload, new CallbackUsageSink(static (_, _) => ValueTask.CompletedTask), inBackground: false);
        Console.WriteLine($"Time of a tracked stream of {EventsEach} events, {Readers} readers, {StreamsEach:N0} streams each (us)");
        Console.WriteLine($"  {"",-54}{"median",10}{"p99",10}{"p99.9",10}");
        Print("inline, a sink that does nothing",
            Measure(workload, new CallbackUsageSink(static (_, _) => ValueTask.CompletedTask), inBackground: false));
        Print("background, a sink that does nothing",
            Measure(workload, new CallbackUsageSink(static (_, _) => ValueTask.CompletedTask), inBackground: true));
        Print("background, fails 30 %, hangs 1 %, down for 2 s of 4", Measure(workload, new FaultySink(), inBackground: true));
        Print("background, a dead sink and a full queue",
            Measure(workload, new CallbackUsageSink(static (_, _) => throw new IOException()), inBackground: true));
    }

    private static double[] Measure(Workload workload, IUsageSink sink, bool inBackground)
    {
        var options = new StreamUsageOptions
        {
            Capture = CapturedContent.None,
            SinkTimeout = TimeSpan.FromMilliseconds(100),
            RetryDelay = TimeSpan.FromMilliseconds(10),
            Background = inBackground ? new BackgroundDeliveryOptions { Capacity = 1_000, ShutdownTimeout = TimeSpan.Zero } : null,
        };
        var tracker = new UsageTracker(sink, options);
        double[][] times = new double[Readers][];
        Parallel.For(0, Readers, new ParallelOptions { MaxDegreeOfParallelism = Readers }, reader =>
        {
            var body = new ScriptedStream(workload, ReadSize.All[0]);
            byte[] buffer = new byte[81_920];
            times[reader] = new double[StreamsEach];
            for (int i = 0; i < StreamsEach; i++)
            {
                body.Rewind();
                long start = Stopwatch.GetTimestamp();
                using (Stream stream = tracker.Track(body, new UsageContext(), out _, new TrackedResponse { LeaveOpen = true }))
                {
                    while (stream.Read(buffer) != 0)
                    {
                    }
                }

                times[reader][i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
            }
        });
        tracker.DisposeAsync().AsTask().Wait();
        double[] all = [.. times.SelectMany(static reader => reader)];
        Array.Sort(all);
        return all;
    }

    private static void Print(string name, double[] times) =>
        Console.WriteLine($"  {name,-54}{times[times.Length / 2],10:F1}{times[(int)(times.Length * 0.99)],10:F1}"
            + $"{times[(int)(times.Length * 0.999)],10:F1}");

    private sealed class FaultySink : IUsageSink
    {
        public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) =>
            RecordBatchAsync([record], cancellationToken);

        public ValueTask RecordBatchAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken)
        {
            double fate = Random.Shared.NextDouble();
            return Environment.TickCount64 % 4000 < 2000 || fate < 0.30 ? throw new IOException()
                : fate < 0.31 ? new ValueTask(Task.Delay(Timeout.Infinite, cancellationToken)) : ValueTask.CompletedTask;
        }
    }
}
