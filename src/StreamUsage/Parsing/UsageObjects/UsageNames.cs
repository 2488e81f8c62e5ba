namespace StreamUsage.Parsing.UsageObjects;

/// <summary>Represents the table of the known fields of a protocol's usage object. Others are reported as
/// unknown.</summary>
internal sealed class UsageNames
{
    private const int MaxLength = 64;

    private readonly UsageName[]?[] _byLength = new UsageName[MaxLength][];

    public UsageNames(params IEnumerable<UsageName> names)
    {
        All = [.. names];
        foreach (IGrouping<int, UsageName> group in All.GroupBy(name => name.Utf8.Length))
        {
            _byLength[group.Key] = [.. group];
        }
    }

    /// <summary>Gets all fields, for the tests and the documentation.</summary>
    public IReadOnlyList<UsageName> All { get; }

    /// <summary>Returns the field of a name; null if unknown.</summary>
    public UsageName? Find(ReadOnlySpan<byte> name)
    {
        if (name.Length >= MaxLength || _byLength[name.Length] is not { } candidates)
        {
            return null;
        }

        foreach (UsageName candidate in candidates)
        {
            if (name.SequenceEqual(candidate.Utf8))
            {
                return candidate;
            }
        }

        return null;
    }
}
