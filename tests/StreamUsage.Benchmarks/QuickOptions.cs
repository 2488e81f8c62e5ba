using System.Globalization;
using StreamUsage.Benchmarks.Contenders;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks;

/// <summary>What the quick command is asked for.</summary>
internal sealed record QuickOptions
{
    public const string Usage = "[--rounds N] [--workload NAME,…] [--reads event|1400|16384,…] [--only KEY,…] [--markdown]";

    public int Rounds { get; private init; } = 41;

    public IReadOnlyList<Workload> Workloads { get; private init; } = Workload.All;

    public IReadOnlyList<ReadSize> ReadSizes { get; private init; } = ReadSize.All;

    /// <summary>Keys of the contenders to run; null means all.</summary>
    public IReadOnlyList<string>? Only { get; private init; }

    public bool AsMarkdown { get; private init; }

    /// <summary>Null, and a word about it on the console, where the arguments make no sense.</summary>
    public static QuickOptions? Read(ReadOnlySpan<string> arguments)
    {
        var options = new QuickOptions();
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            string[] values = name != "--markdown" && i + 1 < arguments.Length ? arguments[++i].Split(',') : [];
            QuickOptions? next = name switch
            {
                "--markdown" => options with { AsMarkdown = true },
                "--rounds" when values is [var text] && int.TryParse(text, CultureInfo.InvariantCulture, out int rounds) && rounds > 0 =>
                    options with { Rounds = rounds },
                "--workload" =>
                    Select(Workload.All, values, static workload => workload.Name) is { } found ? options with { Workloads = found } : null,
                "--reads" =>
                    Select(ReadSize.All, values, static size => size.Name) is { } found ? options with { ReadSizes = found } : null,
                "--only" => Select(Contender.CreateAll(), values, static contender => contender.Key) is not null
                    ? options with { Only = values } : null,
                _ => null,
            };

            if (next is null)
            {
                Console.Error.WriteLine($"Not understood: {name} {string.Join(',', values)}");
                Console.Error.WriteLine($"quick {Usage}");
                Console.Error.WriteLine($"workloads: {string.Join(", ", Workload.All.Select(static workload => workload.Name))}");
                Console.Error
                    .WriteLine($"contenders: {string.Join(", ", Contender.CreateAll().Select(static contender => contender.Key))}");
                return null;
            }

            options = next;
        }

        return options;
    }

    private static List<T>? Select<T>(IReadOnlyList<T> all, string[] names, Func<T, string> nameOf)
    {
        List<T> found = [.. all.Where(item => names.Contains(nameOf(item)))];
        return names.Length != 0 && found.Count == names.Length ? found : null;
    }
}
