using System.Diagnostics;
using System.Runtime.InteropServices;

namespace StreamUsage.Benchmarks.Live;

/// <summary>What tracking costs a client whose provider is another process on loopback: each figure beside the same
/// streams untracked, in the same run.</summary>
internal static class LiveCommand
{
    /// <summary>The process's exit code: not 0 where an answer was wrong or did not come. Figures do not fail a run: on
    /// a shared machine they differ.</summary>
    public static async Task<int> RunAsync(LiveOptions options)
    {
#if DEBUG
        Console.Error.WriteLine("A debug build measures nothing worth knowing: run with -c Release.");
        return await Task.FromResult(2);
#else
        long start = Stopwatch.GetTimestamp();
        Console.WriteLine($"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} "
            + "processors; the provider is another process, loopback without TLS");
        try
        {
            await using ProviderProcess provider = await ProviderProcess.StartAsync();
            foreach (LivePart part in options.Parts)
            {
                LiveTable table = await (part switch
                {
                    LivePart.Latency => AddedLatency.MeasureAsync(),
                    LivePart.Flat => CpuCost.MeasureFlatAsync(provider, options.Seconds),
                    LivePart.Paced => CpuCost.MeasurePacedAsync(provider, options.Seconds),
                    LivePart.Memory => new OpenStreamMemory(provider, options.Streams).MeasureAsync(),
                    _ => ConcurrentLoad.MeasureAsync(provider, options.Streams),
                });
                table.Write(Console.Out, options.AsMarkdown);
            }
        }
        catch (WrongAnswerException fault)
        {
            Console.Error.WriteLine($"WRONG: {fault.Message}");
            return 1;
        }
        catch (Exception fault) when (fault is TimeoutException or HttpRequestException or IOException)
        {
            Console.Error.WriteLine($"GIVEN UP: {fault.Message}");
            return 1;
        }

        Console.WriteLine();
        Console.WriteLine($"All answers right; {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s.");
        return 0;
#endif
    }
}
