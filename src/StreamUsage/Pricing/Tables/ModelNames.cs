using System.Text.RegularExpressions;

namespace StreamUsage.Pricing.Tables;

/// <summary>Shortens a model's name, to find it in a table that lacks the whole name.</summary>
internal static partial class ModelNames
{
    private static readonly string[] Regions = ["us.", "eu.", "apac.", "jp.", "au.", "ca.", "us-gov.", "global."];

    /// <summary>Returns the name, then the names with one part removed, then with two, and so on. Parts are a path
    /// (<c>models/</c>, a provider), a Bedrock region, and a date or version at the end. A suffix that may change the
    /// price (<c>:free</c>, <c>-fast</c>) stays.</summary>
    public static IEnumerable<IReadOnlyList<string>> Variants(string model)
    {
        List<string> level = [model];
        HashSet<string> seen = [model];
        while (level.Count != 0)
        {
            yield return level;
            level = [.. level.SelectMany(Shorter).Where(seen.Add)];
        }
    }

    private static IEnumerable<string> Shorter(string name)
    {
        int slash = name.IndexOf('/');
        if (slash >= 0 && slash < name.Length - 1)
        {
            yield return name[(slash + 1)..];
        }

        foreach (string region in Regions)
        {
            if (name.StartsWith(region, StringComparison.OrdinalIgnoreCase) && name.Length > region.Length)
            {
                yield return name[region.Length..];
            }
        }

        Match date = DateSuffix().Match(name);
        if (date.Success && date.Index > 0)
        {
            yield return name[..date.Index] + date.Groups["rest"].Value;
        }

        // ft:base:organisation:name:id has the price of ft:base.
        if (name.StartsWith("ft:", StringComparison.OrdinalIgnoreCase) && name.IndexOf(':', 3) is > 3 and int end)
        {
            yield return name[..end];
        }
    }

    // -20250929, -2025-09-29, @20250929, @default or @latest. Bedrock's version after a date stays.
    [GeneratedRegex(
        @"(-20\d{6}|-20\d\d-\d\d-\d\d|@20\d{6}|@default|@latest)(?<rest>-v\d+(:\d+)?)?$",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex DateSuffix();
}
