using System.Diagnostics;
using System.Runtime;

namespace StreamUsage.Benchmarks.Live;

/// <summary>Runs what will be measured until no method was compiled for a while: code that is called often is compiled
/// up to three times, in the background.</summary>
internal static class WarmUp
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(12), QuietBeforeStart = TimeSpan.FromSeconds(1.5);

    public static async Task RunAsync(Func<Task> run)
    {
        long start = Stopwatch.GetTimestamp(), lastChange = start, compiled = 0;
        while (Stopwatch.GetElapsedTime(lastChange) < QuietBeforeStart && Stopwatch.GetElapsedTime(start) < Longest)
        {
            await run();
            if (JitInfo.GetCompiledMethodCount() is var count && count != compiled)
            {
                compiled = count;
                lastChange = Stopwatch.GetTimestamp();
            }
        }
    }
}
