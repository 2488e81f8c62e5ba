using System.Text;
using StreamUsage.Accounting;

namespace StreamUsage.Parsing.UsageObjects;

/// <summary>Represents a field of a usage object: a row of its protocol's table (<see cref="UsageNames"/>).</summary>
/// <param name="Name">The name as providers write it.</param>
/// <param name="Field">The kind of content. It decides how the value is read.</param>
internal sealed record UsageName(string Name, UsageField Field)
{
    /// <summary>Gets the name in UTF-8.</summary>
    public byte[] Utf8 { get; } = Encoding.UTF8.GetBytes(Name);

    /// <summary>Gets the count that the field holds. Meaningless for a field that is no count.</summary>
    public UsageCount CountOf { get; private init; }

    /// <summary>Gets the rank among the names of one count: 0 for the protocol's own. If an object has several of them
    /// that are not 0, the lowest rank wins.</summary>
    public byte Rank { get; private init; }

    /// <summary>Gets the name in the record; null if none.</summary>
    public string? Key { get; private init; }

    /// <summary>Gets the fields of an object; null for other values.</summary>
    public UsageNames? Group { get; private init; }

    public static UsageName Count(string name, UsageCount count, byte rank = 0) =>
        new(name, UsageField.Count) { CountOf = count, Rank = rank };

    /// <summary>Returns Anthropic's name of a cached input count, as other servers use it.</summary>
    public static UsageName AnthropicCount(string name, UsageCount count, byte rank) =>
        new(name, UsageField.AnthropicCacheCount) { CountOf = count, Rank = rank };

    /// <summary>Returns a subset of tokens, kept under a key.</summary>
    public static UsageName Detail(string name, string key) => new(name, UsageField.Detail) { Key = key };

    /// <summary>Returns an object with further fields.</summary>
    public static UsageName Object(string name, UsageNames group, UsageField field = UsageField.Group) =>
        new(name, field) { Group = group };

    /// <summary>Returns a field that is kept under a key, and may be a count too.</summary>
    public static UsageName Keyed(string name, UsageField field, string key, UsageCount count = default) =>
        new(name, field) { Key = key, CountOf = count };

    /// <summary>Returns known fields that no record keeps.</summary>
    public static IEnumerable<UsageName> Ignored(params string[] names) => names.Select(name => new UsageName(name, UsageField.Ignored));
}
