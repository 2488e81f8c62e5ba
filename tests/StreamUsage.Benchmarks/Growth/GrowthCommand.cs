using System.Diagnostics;
using System.Runtime.InteropServices;

namespace StreamUsage.Benchmarks.Growth;

/// <summary>What becomes of the time and the allocation an event as streams grow longer, as more of them are open, and
/// as another thread reads too.</summary>
internal static class GrowthCommand
{
    /// <summary>The process's exit code: not 0 where a record was wrong.</summary>
    public static int Run(GrowthOptions options)
    {
#if DEBUG
        Console.Error.WriteLine("A debug build measures nothing worth knowing: run with -c Release.");
        return 2;
#else
        long start = Stopwatch.GetTimestamp();
        var tracker = new UsageTracker(new CallbackUsageSink(static (_, _) => ValueTask.CompletedTask));
        var growth = new GrowthLanes(tracker);
        try
        {
            TimeSpan warmUp = WarmUp.Run(growth.RunOnce);
            Console.WriteLine($"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}, "
                + $"{Environment.ProcessorCount} processors; warm-up {warmUp.TotalSeconds:F0} s, {options.Rounds} rounds");
            for (int round = 0; round < options.Rounds; round++)
            {
                growth.Sample(round);
            }
        }
        catch (WrongAnswerException fault)
        {
            Console.Error.WriteLine($"WRONG: {fault.Message}");
            return 1;
        }
        finally
        {
            tracker.DisposeAsync().AsTask().Wait();
        }

        foreach (GrowthTable table in GrowthTables.Of(growth))
        {
            table.Write(Console.Out, options.AsMarkdown);
        }

        if (options.SvgFile is { } file)
        {
            File.WriteAllText(file, GrowthChart.Draw(growth));
            Console.WriteLine($"Drawn: {file}");
        }

        Console.WriteLine($"All records right; {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s.");
        return 0;
#endif
    }
}
