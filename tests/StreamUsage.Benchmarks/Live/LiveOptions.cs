using System.Globalization;

namespace StreamUsage.Benchmarks.Live;

/// <summary>What the live command is asked for.</summary>
internal sealed record LiveOptions
{
    public const string Usage = "[--seconds N] [--streams N] [--only latency|flat|paced|memory|load,…] [--markdown]";

    private const int MaxSeconds = 600, MaxStreams = 20_000;

    /// <summary>How long paced streams are read in each lane, all rounds together.</summary>
    public int Seconds { get; private init; } = 20;

    /// <summary>The open streams whose memory is measured; the load is never of more.</summary>
    public int Streams { get; private init; } = 10_000;

    /// <summary>Which measurements to make, in this order.</summary>
    public IReadOnlyList<LivePart> Parts { get; private init; } = Enum.GetValues<LivePart>();

    public bool AsMarkdown { get; private init; }

    /// <summary>Null, and a word about it on the console, where the arguments make no sense.</summary>
    public static LiveOptions? Read(ReadOnlySpan<string> arguments)
    {
        var options = new LiveOptions();
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i], value = name != "--markdown" && i + 1 < arguments.Length ? arguments[++i] : "";
            _ = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number);
            LiveOptions? next = name switch
            {
                "--markdown" => options with { AsMarkdown = true },
                "--seconds" when number is > 0 and <= MaxSeconds => options with { Seconds = number },
                "--streams" when number is > 0 and <= MaxStreams => options with { Streams = number },
                "--only" when ReadParts(value) is { } parts => options with { Parts = parts },
                _ => null,
            };

            if (next is null)
            {
                Console.Error.WriteLine($"Not understood: {name} {value}");
                Console.Error.WriteLine($"live {Usage}; seconds up to {MaxSeconds}, streams up to {MaxStreams}");
                return null;
            }

            options = next;
        }

        return options;
    }

    private static List<LivePart>? ReadParts(string text)
    {
        string[] names = text.Split(',');
        List<LivePart> found =
            [.. Enum.GetValues<LivePart>().Where(part => names.Contains(part.ToString(), StringComparer.OrdinalIgnoreCase))];
        return found.Count == names.Length ? found : null;
    }
}
