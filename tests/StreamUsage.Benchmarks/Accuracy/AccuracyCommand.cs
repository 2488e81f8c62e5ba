namespace StreamUsage.Benchmarks.Accuracy;

/// <summary>What <c>accuracy</c> is asked for.</summary>
internal static class AccuracyCommand
{
    public const string Usage = "[--fit] [--worst N] [--pairs FILE]";

    public static int Run(ReadOnlySpan<string> args)
    {
        bool isFit = false;
        int worst = 0;
        string? path = null;
        for (int i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--fit":
                    isFit = true;
                    break;
                case "--worst" when i + 1 < args.Length && int.TryParse(args[i + 1], out worst):
                    i++;
                    break;
                case "--pairs" when i + 1 < args.Length:
                    path = args[++i];
                    break;
                default:
                    Console.Error.WriteLine($"accuracy {Usage}");
                    return 2;
            }
        }

        path ??= FindPairs();
        if (!File.Exists(path))
        {
            Console.Error.WriteLine(
                "No pairs: 'shared/data/token-pairs/pairs.jsonl' does not lie beside the repository, and --pairs names no file.");
            return 1;
        }

        IReadOnlyList<Pair> pairs = Pair.Load(path);
        if (isFit)
        {
            Fit.Print(pairs);
            Console.WriteLine();
            ClassFit.Print(pairs);
        }
        else
        {
            AccuracyReport.Print(pairs);
            AccuracyReport.PrintWorst(pairs, worst);
        }

        return 0;
    }

    private static string? FindPairs()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "StreamUsage.sln")))
            {
                return Path.Combine(folder.Parent?.FullName ?? "", "shared", "data", "token-pairs", "pairs.jsonl");
            }
        }

        return null;
    }
}
