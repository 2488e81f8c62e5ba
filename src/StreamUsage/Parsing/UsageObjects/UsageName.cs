using System.Text;
using StreamUsage.Accounting;

namespace StreamUsage.Parsing.UsageObjects;

/// <summary>Represents a field of a usage object: its name, and what it holds.</summary>
/// <param name="Name">The name as providers write it.</param>
/// <param name="Field">What it holds.</param>
internal sealed record UsageName(string Name, UsageField Field)
{
    public byte[] Utf8 { get; } = Encoding.UTF8.GetBytes(Name);

    /// <summary>Gets what a count counts.</summary>
    public UsageCount CountOf { get; private init; }

    /// <summary>Gets the place among the names of the same count: 0 is the protocol's own.</summary>
    public byte Rank { get; private init; }

    /// <summary>Gets the name that the record has for it; null where it has none.</summary>
    public string? Key { get; private init; }

    /// <summary>Gets the fields within it; null where it is no object.</summary>
    public UsageNames? Group { get; private init; }

    /// <summary>Returns the name of a token count.</summary>
    public static UsageName Count(string name, UsageCount count, byte rank = 0) =>
        new(name, UsageField.Count) { CountOf = count, Rank = rank };

    /// <summary>Returns Anthropic's name of a count of cached input, where others use it.</summary>
    public static UsageName AnthropicCount(string name, UsageCount count, byte rank) =>
        new(name, UsageField.AnthropicCacheCount) { CountOf = count, Rank = rank };

    /// <summary>Returns the name of a subset that the record keeps under <paramref name="key"/>.</summary>
    public static UsageName Detail(string name, string key) => new(name, UsageField.Detail) { Key = key };

    /// <summary>Returns the name of an object with further fields.</summary>
    public static UsageName Object(string name, UsageNames group, UsageField field = UsageField.Group) =>
        new(name, field) { Group = group };

    /// <summary>Returns the name of something that the record keeps under <paramref name="key"/>.</summary>
    public static UsageName Keyed(string name, UsageField field, string key, UsageCount count = default) =>
        new(name, field) { Key = key, CountOf = count };

    /// <summary>Returns names that are known and say nothing that a record keeps.</summary>
    public static IEnumerable<UsageName> Ignored(params string[] names) => names.Select(name => new UsageName(name, UsageField.Ignored));
}
