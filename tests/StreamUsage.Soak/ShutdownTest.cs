using System.Diagnostics;
using System.Text;
using StreamUsage.Tests.Support;

namespace StreamUsage.Soak;

/// <summary>
/// SIGTERM amid many streams of an ASP.NET Core application, however it is put together: each stream must have its
/// record in the file that the process leaves behind.
/// </summary>
internal static class ShutdownTest
{
    private const int Streams = 200;

    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(60);

    /// <summary>Starts this program as a child for each setup, and ends it with the signal while its streams are
    /// open.</summary>
    public static async Task<bool> RunAsync()
    {
        bool isGood = true;
        for (int setup = 0; setup < 8; setup++)
        {
            isGood &= await RunAsync(setup);
        }

        return isGood;
    }

    /// <summary>The child: an application whose streams have begun.</summary>
    public static async Task ServeAsync(string file, int setup)
    {
        using var sink = new JsonLinesSink(file);
        await using StreamingHost host = await StreamingHost.StartAsync(Setup(setup), sink);
        await host.OpenAsync(Streams);
        Console.WriteLine("open");
        await host.WaitForShutdownAsync();
    }

    private static StreamingHost.Setup Setup(int setup) => new()
    {
        ServerFirst = (setup & 4) != 0,
        StopsConcurrently = (setup & 2) != 0,
        InBackground = (setup & 1) != 0,
        HostTimeout = TimeSpan.FromSeconds(4),
        GracePeriod = TimeSpan.FromSeconds(2),
    };

    private static async Task<bool> RunAsync(int setup)
    {
        string file = Path.Combine(Path.GetTempPath(), $"shutdown-{Guid.NewGuid():N}.jsonl");
        try
        {
            using Process child = Process.Start(
                new ProcessStartInfo(Environment.ProcessPath!, ["--shutdown-child", file, $"{setup}"]) { RedirectStandardOutput = true })!;
            while (await child.StandardOutput.ReadLineAsync().WaitAsync(TimeLimit) is { } line && line != "open")
            {
            }

            long began = Stopwatch.GetTimestamp();
            using (Process kill = Process.Start("kill", ["-TERM", $"{child.Id}"]))
            {
                await kill.WaitForExitAsync();
            }

            await child.WaitForExitAsync().WaitAsync(TimeLimit);
            TimeSpan time = Stopwatch.GetElapsedTime(began);
            UsageRecord[] records =
                [.. (await File.ReadAllLinesAsync(file)).Select(line => UsageRecordJson.Read(Encoding.UTF8.GetBytes(line)))];
            int completed = records.Count(r => r is { Outcome: StreamOutcome.Completed, Usage.OutputTokens: 15 });
            int interrupted = records.Count(r => r is { Outcome: StreamOutcome.Interrupted, ErrorType: "shutdown", Usage.InputTokens: 25 });
            bool isGood = child.ExitCode == 0
                && completed == Streams / 2 && interrupted == Streams / 2 && records.DistinctBy(r => r.Id).Count() == Streams;
            StreamingHost.Setup made = Setup(setup);
            Console.WriteLine(
                $"{(isGood ? "passed" : "FAILED")}: SIGTERM amid {Streams} streams, {(made.ServerFirst ? "server" : "tracker")} "
                + "registered first, "
                + $"stopped {(made.StopsConcurrently ? "side by side" : "in turn")}, {(made.InBackground ? "background" : "inline")}: "
                + $"{completed} completed, {interrupted} interrupted of {records.Length} records; exit code {child.ExitCode} after "
                + $"{time.TotalSeconds:F1} s");
            return isGood;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
