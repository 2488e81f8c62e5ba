using System.Diagnostics;
using StreamUsage.Benchmarks.Contenders;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks;

/// <summary>One contender in one workload at one read size, and what was measured of it.</summary>
internal sealed class Lane(Contender contender, Workload workload, ReadSize readSize, ScriptedStream body)
{
    private static readonly TimeSpan ShortestSample = TimeSpan.FromMilliseconds(1);

    private readonly List<double> _nanoseconds = [];
    private readonly List<double> _allocated = [];
    private int _readingsPerSample = 1;

    public Contender Contender => contender;

    /// <summary>Nanoseconds an event, by round.</summary>
    public IReadOnlyList<double> Nanoseconds => _nanoseconds;

    public double MedianNanoseconds => Median(_nanoseconds);

    public double MedianAllocated => Median(_allocated);

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The median over the rounds of this lane's time to another's in the same round: what disturbs the
    /// machine disturbs both.</summary>
    public double RatioTo(Lane other) => Median(_nanoseconds.Zip(other._nanoseconds, static (own, others) => own / others));

    /// <summary>Finds how often the body is read for a sample that the clock can tell from noise.</summary>
    public void Calibrate()
    {
        TimeSpan shortest = TimeSpan.MaxValue;
        for (int i = 0; i < 5; i++)
        {
            (TimeSpan elapsed, _) = ReadOnce();
            shortest = elapsed < shortest ? elapsed : shortest;
        }

        _readingsPerSample = (int)Math.Clamp(Math.Ceiling(ShortestSample / shortest), 1, 50);
    }

    public void Sample()
    {
        TimeSpan elapsed = TimeSpan.Zero;
        long allocated = 0;
        for (int i = 0; i < _readingsPerSample; i++)
        {
            (TimeSpan time, long bytes) = ReadOnce();
            elapsed += time;
            allocated += bytes;
        }

        double events = (double)workload.EventCount * _readingsPerSample;
        _nanoseconds.Add(elapsed.TotalNanoseconds / events);
        _allocated.Add(allocated / events);
    }

    /// <summary>Reads the body once. A wrong answer is the end of the run: what is wrong is not worth timing.</summary>
    public (TimeSpan Elapsed, long Allocated) ReadOnce()
    {
        body.Rewind();
        contender.Prepare(workload, body);
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        contender.Read();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        return contender.FindFault(workload) is { } fault
            ? throw new WrongAnswerException($"{contender.Name} in {workload.Name}, {readSize.Description}: {fault}")
            : (elapsed, allocated);
    }
}
