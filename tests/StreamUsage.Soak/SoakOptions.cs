using System.Globalization;
using StreamUsage.Delivery;

namespace StreamUsage.Soak;

/// <summary>What the command is asked for.</summary>
internal sealed record SoakOptions
{
    public int Streams { get; private init; } = 20_000;

    /// <summary>How many are under way at once.</summary>
    public int Concurrent { get; private init; } = 500;

    /// <summary>Decides every choice of every stream; what the machine's timing adds is not in it.</summary>
    public int Seed { get; private init; } = Random.Shared.Next();

    /// <summary>After this long the run is given up: several times what a slow machine needs.</summary>
    public TimeSpan TimeLimit => TimeSpan.FromSeconds(100) + TimeSpan.FromMilliseconds(6.0 * Streams);

    /// <summary>Null where the arguments make no sense.</summary>
    public static SoakOptions? Read(ReadOnlySpan<string> arguments)
    {
        var options = new SoakOptions();
        for (int i = 0; i < arguments.Length; i += 2)
        {
            if (i + 1 == arguments.Length
                || !int.TryParse(arguments[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int value))
            {
                return null;
            }

            SoakOptions? next = arguments[i] switch
            {
                "--streams" when value > 0 => options with { Streams = value },
                "--concurrent" when value is > 0 and <= 5_000 => options with { Concurrent = value },
                "--seed" => options with { Seed = value },
                _ => null,
            };
            if (next is null)
            {
                return null;
            }

            options = next;
        }

        return options with { Concurrent = Math.Min(options.Concurrent, options.Streams) };
    }
}
