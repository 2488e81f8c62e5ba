using System.Diagnostics;
using System.Runtime.InteropServices;
using StreamUsage.Benchmarks.Contenders;

namespace StreamUsage.Benchmarks;

/// <summary>Times the contenders in interleaved rounds in one process, once nothing is compiled any more.</summary>
internal static class Quick
{
    /// <summary>The process's exit code: not 0 where an answer was wrong.</summary>
    public static int Run(QuickOptions options)
    {
#if DEBUG
        Console.Error.WriteLine("A debug build measures nothing worth knowing: run with -c Release.");
        return 2;
#else
        long start = Stopwatch.GetTimestamp();
        List<Contender> contenders = [.. Contender.CreateAll().Where(contender => options.Only?.Contains(contender.Key) ?? true)];
        List<Race> races =
            [.. options.Workloads.SelectMany(workload => options.ReadSizes.Select(size => new Race(workload, size, contenders)))];
        try
        {
            TimeSpan warmUp = WarmUp.Run(() => ReadOnce(races));
            Console.WriteLine($"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}, "
                + $"{Environment.ProcessorCount} processors; warm-up {warmUp.TotalSeconds:F0} s, {options.Rounds} rounds");
            foreach (Race race in races)
            {
                race.Run(options.Rounds);
                if (!options.AsMarkdown)
                {
                    QuickTable.Write(Console.Out, race);
                }
            }
        }
        catch (WrongAnswerException fault)
        {
            Console.Error.WriteLine($"WRONG: {fault.Message}");
            return 1;
        }
        finally
        {
            contenders.ForEach(static contender => contender.Dispose());
        }

        if (options.AsMarkdown)
        {
            QuickMarkdown.Write(Console.Out, races);
        }

        Console.WriteLine($"All answers right; {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s.");
        return 0;
#endif
    }

    private static void ReadOnce(List<Race> races)
    {
        foreach (Race race in races)
        {
            foreach (Lane lane in race.Lanes)
            {
                lane.ReadOnce();
            }
        }
    }
}
