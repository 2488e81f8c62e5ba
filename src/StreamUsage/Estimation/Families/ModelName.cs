namespace StreamUsage.Estimation.Families;

/// <summary>Finds a family's pattern in a model's name, which may also have a provider, a region and a
/// version.</summary>
internal static class ModelName
{
    private const string Separators = "/.:-_@";

    /// <summary>Finds the first match of a pattern, and its length. Returns false if there is none.</summary>
    public static bool TryFind(ReadOnlySpan<char> name, ReadOnlySpan<char> pattern, out int start, out int length)
    {
        for (start = 0; start < name.Length; start++)
        {
            if ((start == 0 || Separators.Contains(name[start - 1])) && (length = MatchLength(name[start..], pattern)) > 0)
            {
                return true;
            }
        }

        length = 0;
        return false;
    }

    private static int MatchLength(ReadOnlySpan<char> name, ReadOnlySpan<char> pattern)
    {
        int at = 0;
        foreach (char expected in pattern)
        {
            if (expected == '*')
            {
                int letters = 0;
                while (at < name.Length && char.IsAsciiLetter(name[at]))
                {
                    at++;
                    letters++;
                }

                if (letters == 0)
                {
                    return 0;
                }
            }
            else if (at < name.Length
                && (char.ToLowerInvariant(name[at]) == expected || (expected == '-' && Separators.Contains(name[at]))))
            {
                at++;
            }
            else
            {
                return 0;
            }
        }

        bool isCutNumber = pattern.Length > 0 && char.IsAsciiDigit(pattern[^1]) && at < name.Length && char.IsAsciiDigit(name[at]);
        return isCutNumber ? 0 : at;
    }
}
