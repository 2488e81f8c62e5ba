using System.Globalization;

namespace StreamUsage.Tests.Support;

/// <summary>How long a fuzz looks: some rounds from a fixed seed, or as many seconds as STREAMUSAGE_FUZZ_SECONDS says
/// from another seed each time.</summary>
internal static class FuzzTime
{
    private static readonly int Seconds =
        int.TryParse(Environment.GetEnvironmentVariable("STREAMUSAGE_FUZZ_SECONDS"), CultureInfo.InvariantCulture, out int given)
        ? given : 0;

    public static bool IsLong => Seconds != 0;

    /// <summary>The seeds of the rounds.</summary>
    public static IEnumerable<int> Rounds(int unlessTimed)
    {
        int first = IsLong ? Environment.TickCount : 0;
        long end = Environment.TickCount64 + (1000L * Seconds);
        for (int round = 0; IsLong ? Environment.TickCount64 < end : round < unlessTimed; round++)
        {
            yield return unchecked(first + round);
        }
    }
}
