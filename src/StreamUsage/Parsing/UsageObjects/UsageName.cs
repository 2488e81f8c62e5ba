using System.Text;
using StreamUsage.Accounting;

namespace StreamUsage.Parsing.UsageObjects;

/// <summary>Represents a field of a usage object.</summary>
/// <param name="Name">The name as providers write it.</param>
/// <param name="Field">The kind of content.</param>
internal sealed record UsageName(string Name, UsageField Field)
{
    public byte[] Utf8 { get; } = Encoding.UTF8.GetBytes(Name);

    public UsageCount CountOf { get; private init; }

    /// <summary>Gets the rank among the names of one count: 0 is the protocol's own.</summary>
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

    public static UsageName Detail(string name, string key) => new(name, UsageField.Detail) { Key = key };

    public static UsageName Object(string name, UsageNames group, UsageField field = UsageField.Group) =>
        new(name, field) { Group = group };

    public static UsageName Keyed(string name, UsageField field, string key, UsageCount count = default) =>
        new(name, field) { Key = key, CountOf = count };

    public static IEnumerable<UsageName> Ignored(params string[] names) => names.Select(name => new UsageName(name, UsageField.Ignored));
}
