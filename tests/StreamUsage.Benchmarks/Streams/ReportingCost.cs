using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using StreamUsage.Benchmarks.Contenders;
using StreamUsage.Benchmarks.Workloads;
using StreamUsage.Diagnostics;

namespace StreamUsage.Benchmarks.Streams;

/// <summary>What the meter and the log cost a stream: CPU time of the process from tracking to the delivered record, in
/// interleaved rounds.</summary>
internal static class ReportingCost
{
    private const int Rounds = 15, Streams = 4_000;

    public static void Run(Workload workload)
    {
        var quiet = new List<double>();
        var metered = new List<double>();
        var logged = new List<double>();
        for (int round = -2; round < Rounds; round++)
        {
            double nobody = Measure(workload, null), listener = MeasureMetered(workload), log = Measure(workload, new LineCounter());
            if (round >= 0)
            {
                quiet.Add(nobody);
                metered.Add(listener);
                logged.Add(log);
            }
        }

        Console.WriteLine($"CPU time of a tracked stream of {workload.EventCount} events, from tracking to the delivered record (us; "
            + $"medians of {Rounds} rounds)");
        Console.WriteLine($"  nobody listens {Lane.Median(quiet):F1}; a listener to all instruments {Lane.Median(metered):F1}; a logger "
            + $"that is enabled {Lane.Median(logged):F1}");
    }

    private static double MeasureMetered(Workload workload)
    {
        long counted = 0, timed = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == "StreamUsage")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>(
            (instrument, value, _, _) => Interlocked.Add(ref counted, instrument.Unit == "{record}" ? value : 0));
        listener.SetMeasurementEventCallback<double>(
            (instrument, _, _, _) => Interlocked.Add(ref timed, instrument.Name == "streamusage.delivery.duration" ? 1 : 0));
        listener.Start();
        double time = Measure(workload, null);
        return (counted, timed) == (2 * Streams, Streams) // Made and delivered; those that are open come to nothing.
            ? time
            : throw new WrongAnswerException(
                $"the meter's listener heard of {counted} records made and delivered, and {timed} deliveries, of {Streams} streams");
    }

    private static double Measure(Workload workload, LineCounter? lines)
    {
        var sink = new CountingSink();
        var tracker = new UsageTracker(sink, new StreamUsageOptions { Capture = CapturedContent.None }, lines);
        var body = new ScriptedStream(workload, ReadSize.All[0]);
        byte[] buffer = new byte[81_920];
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        for (int i = 0; i < Streams; i++)
        {
            body.Rewind();
            using Stream stream = tracker.Track(body, new UsageContext(), out _, new TrackedResponse { LeaveOpen = true });
            while (stream.Read(buffer) != 0)
            {
            }
        }

        tracker.DisposeAsync().AsTask().Wait();
        double time = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalMicroseconds / Streams;
        return lines is null || lines.Count == Streams ? time : throw new WrongAnswerException($"{lines.Count} lines of {Streams} streams");
    }

    /// <summary>A logger that makes the line and writes it nowhere.</summary>
    private sealed class LineCounter : ILoggerFactory, ILogger
    {
        private int _count;

        public int Count => _count;

        public ILogger CreateLogger(string categoryName) => this;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception).Length != 0)
            {
                Interlocked.Increment(ref _count);
            }
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }
    }
}
