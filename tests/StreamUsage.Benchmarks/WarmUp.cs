using System.Diagnostics;
using System.Runtime;

namespace StreamUsage.Benchmarks;

/// <summary>Runs what is to be timed until no method was compiled for a while: code that is called often is compiled up
/// to three times, in the background.</summary>
internal static class WarmUp
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan QuietBeforeStart = TimeSpan.FromSeconds(1.5);

    /// <summary>How long it took.</summary>
    public static TimeSpan Run(Action once)
    {
        long start = Stopwatch.GetTimestamp(), lastChange = start;
        long compiled = 0;
        while (Stopwatch.GetElapsedTime(lastChange) < QuietBeforeStart && Stopwatch.GetElapsedTime(start) < Longest)
        {
            once();
            if (JitInfo.GetCompiledMethodCount() is var count && count != compiled)
            {
                compiled = count;
                lastChange = Stopwatch.GetTimestamp();
            }
        }

        return Stopwatch.GetElapsedTime(start);
    }
}
