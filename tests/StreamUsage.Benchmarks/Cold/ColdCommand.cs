using System.Diagnostics;
using System.Globalization;

namespace StreamUsage.Benchmarks.Cold;

/// <summary>
/// What a service feels of the first estimates of its process: how late a timer of 5 ms gets beside 16 answers without
/// usage, whose tokenizers must be loaded. Each measurement is a fresh process.
/// </summary>
internal static class ColdCommand
{
    private const int Rounds = 5;
    private const double AllowedMilliseconds = 50;

    /// <returns>0 where the median of the worst delays is within twice the timer's own noise plus 50 ms, else
    /// 1.</returns>
    public static int Run()
    {
        Console.WriteLine($"The worst delay of a timer of {TimerWatch.Period.TotalMilliseconds:F0} ms beside the first 16 answers of a "
            + $"process (ms; medians of {Rounds} processes)");
        Console.WriteLine($"  {"answers",-14}{"own noise",12}{"worst delay",14}{"of all rounds",16}{"last record",14}");
        bool isWithin = true;
        foreach (AnswerKind kind in Enum.GetValues<AnswerKind>())
        {
            double[][] rounds = [.. Enumerable.Range(0, Rounds).Select(_ => Measure(kind))];
            double noise = Median(rounds, 0), worst = Median(rounds, 1);
            isWithin &= worst <= (2 * noise) + AllowedMilliseconds;
            Console.WriteLine(
                $"  {kind,-14}{noise,12:F1}{worst,14:F1}{rounds.Max(static round => round[1]),16:F1}{Median(rounds, 2),14:F1}");
        }

        Console.WriteLine($"  allowed: twice the noise plus {AllowedMilliseconds:F0} ms: {(isWithin ? "within" : "EXCEEDED")}");
        return isWithin ? 0 : 1;
    }

    private static double Median(double[][] rounds, int column) => Lane.Median([.. rounds.Select(round => round[column])]);

    private static double[] Measure(AnswerKind kind)
    {
        // This executable, or the runtime's host where that was started with this assembly.
        string executable = Environment.ProcessPath!;
        var start = new ProcessStartInfo(executable) { RedirectStandardOutput = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(executable) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ColdCommand).Assembly.Location);
        }

        start.ArgumentList.Add(ColdStart.Command);
        start.ArgumentList.Add(kind.ToString());
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? [.. output.Split(' ').Select(static number => double.Parse(number, CultureInfo.InvariantCulture))]
            : throw new WrongAnswerException($"the process ended with {process.ExitCode}");
    }
}
