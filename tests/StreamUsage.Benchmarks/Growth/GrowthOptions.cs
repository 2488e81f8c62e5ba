using System.Globalization;

namespace StreamUsage.Benchmarks.Growth;

/// <summary>What the growth command is asked for.</summary>
internal sealed record GrowthOptions
{
    public const string Usage = "[--rounds N] [--svg FILE] [--markdown]";

    public int Rounds { get; private init; } = 21;

    /// <summary>Where the chart goes; null where none is drawn.</summary>
    public string? SvgFile { get; private init; }

    public bool AsMarkdown { get; private init; }

    /// <summary>Null, and a word about it on the console, where the arguments make no sense.</summary>
    public static GrowthOptions? Read(ReadOnlySpan<string> arguments)
    {
        var options = new GrowthOptions();
        while (!arguments.IsEmpty)
        {
            (GrowthOptions? next, int used) = arguments switch
            {
                ["--markdown", ..] => (options with { AsMarkdown = true }, 1),
                ["--svg", var file, ..] => (options with { SvgFile = file }, 2),
                ["--rounds", var text, ..] when int.TryParse(text, CultureInfo.InvariantCulture, out int rounds) && rounds > 0 =>
                    (options with { Rounds = rounds }, 2),
                _ => ((GrowthOptions?)null, 0),
            };

            if (next is null)
            {
                Console.Error.WriteLine($"Not understood: {string.Join(' ', arguments)}");
                Console.Error.WriteLine($"growth {Usage}");
                return null;
            }

            options = next;
            arguments = arguments[used..];
        }

        return options;
    }
}
