using System.Diagnostics;
using StreamUsage.Benchmarks.Contenders;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks;

/// <summary>Measures one contender in one workload at one read size. It reads a long and a short stream: their
/// difference gives the time an event, and what remains of the short one is the fixed time a stream.</summary>
internal sealed class Lane(Contender contender, Workload workload, ReadSize readSize) : IDisposable
{
    private const int HotReadings = 9;

    private readonly ScriptedStream _long = new(workload, readSize);
    private readonly ScriptedStream _short = new(workload.Short, readSize);
    private readonly List<double> _nanosecondsPerEvent = [];
    private readonly List<double> _wholeStream = [];
    private readonly List<double> _hotStart = [];
    private readonly List<double> _coldStart = [];

    public Contender Contender => contender;

    /// <summary>Gets the nanoseconds an event.</summary>
    public double NanosecondsPerEvent => Median(_nanosecondsPerEvent);

    /// <summary>Gets the fixed microseconds of a stream that follows another one of the same contender.</summary>
    public double HotMicroseconds => Median(_hotStart);

    /// <summary>Gets the fixed microseconds of a stream that follows a long stream of another contender.</summary>
    public double ColdMicroseconds => Median(_coldStart);

    /// <summary>Gets the bytes allocated an event, on all threads.</summary>
    public double AllocatedPerEvent { get; private set; }

    /// <summary>Gets the bytes allocated a stream beside those of its events, on all threads.</summary>
    public double AllocatedPerStream { get; private set; }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Returns the ratio of the times an event: the median of each round's own, because what disturbs the
    /// machine disturbs both.</summary>
    public double RatioTo(Lane other) =>
        Median(_nanosecondsPerEvent.Zip(other._nanosecondsPerEvent, static (own, others) => own / others));

    /// <summary>Returns the ratio of the times of the whole long stream.</summary>
    public double WholeRatioTo(Lane other) => Median(_wholeStream.Zip(other._wholeStream, static (own, others) => own / others));

    /// <summary>Measures what is allocated, which is the same in every round.</summary>
    public void MeasureAllocation()
    {
        double ofShort = Median([.. Enumerable.Range(0, 5).Select(_ => Allocate(workload.Short, _short))]);
        double ofLong = Median([.. Enumerable.Range(0, 5).Select(_ => Allocate(workload, _long))]);
        AllocatedPerEvent = (ofLong - ofShort) / (workload.EventCount - workload.Short.EventCount);
        AllocatedPerStream = ofShort - (AllocatedPerEvent * workload.Short.EventCount);
    }

    /// <summary>Takes one round. The reading before it must be another contender's.</summary>
    public void Sample()
    {
        double cold = ReadShort();
        double hot = Median([.. Enumerable.Range(0, HotReadings).Select(_ => ReadShort())]);
        double whole = Read(workload, _long);
        double perEvent = (whole - hot) / (workload.EventCount - workload.Short.EventCount);
        _nanosecondsPerEvent.Add(perEvent);
        _wholeStream.Add(whole);
        _hotStart.Add((hot - (perEvent * workload.Short.EventCount)) / 1_000);
        _coldStart.Add((cold - (perEvent * workload.Short.EventCount)) / 1_000);
    }

    /// <summary>Reads both streams once. A wrong answer ends the run.</summary>
    public void ReadOnce()
    {
        ReadShort();
        Read(workload, _long);
    }

    public void Dispose()
    {
        _long.Dispose();
        _short.Dispose();
    }

    private double ReadShort() => Read(workload.Short, _short);

    // In nanoseconds, of the thread that reads.
    private double Read(Workload read, ScriptedStream body)
    {
        body.Rewind();
        long start = Stopwatch.GetTimestamp();
        contender.Open(read, body);
        contender.Read();
        double elapsed = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        Check(read);
        return elapsed;
    }

    private long Allocate(Workload read, ScriptedStream body)
    {
        body.Rewind();
        long before = GC.GetTotalAllocatedBytes(precise: true);
        contender.Open(read, body);
        contender.Read();
        contender.AwaitRecord();
        long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        Check(read);
        return allocated;
    }

    private void Check(Workload read)
    {
        if (contender.FindFault(read) is { } fault)
        {
            throw new WrongAnswerException($"{contender.Name} in {read.Name}, {readSize.Description}: {fault}");
        }
    }
}
