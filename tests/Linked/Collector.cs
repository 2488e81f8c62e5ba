using System.Diagnostics;

namespace StreamUsage.Tests.Linked;

/// <summary>Collects garbage until something that a collection sets off has happened.</summary>
internal static class Collector
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(1);

    /// <summary>Collects again and again until a condition holds, or the time limit is over. A thread that is slow to
    /// leave the stack of a read holds its stream for so long.</summary>
    public static async Task CollectUntilAsync(Func<bool> hasHappened)
    {
        var time = Stopwatch.StartNew();
        while (!hasHappened() && time.Elapsed < TimeLimit)
        {
            await Task.Delay(10); // Also off the stack of the caller's last read.
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
