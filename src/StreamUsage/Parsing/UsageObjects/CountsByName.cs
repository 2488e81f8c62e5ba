using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.UsageObjects;

/// <summary>Counts under names that a provider may add to: server tools, token details.</summary>
internal static class CountsByName
{
    private const int MaxNames = 64;
    private const int MaxNameLength = 64;
    private const int MaxNameBytes = 3 * MaxNameLength; // No UTF-16 unit stands for more.

    /// <summary>Returns the counts known before with those of an object; later counts replace earlier ones of the same
    /// name, and what is no count is passed by.</summary>
    public static IReadOnlyDictionary<string, long> Read(
        ref Utf8JsonReader reader, IReadOnlyDictionary<string, long> known, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return known;
        }

        ImmutableSortedDictionary<string, long>? before = null;
        // One for all of the object: each change of the map itself would copy some of it.
        ImmutableSortedDictionary<string, long>.Builder? counts = null;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (reader.TokenType == JsonTokenType.Number && reader.GetCount(name, output) is { } count)
            {
                if (name.Length <= MaxNameBytes && Encoding.UTF8.GetString(name) is { Length: <= MaxNameLength } text)
                {
                    counts ??= (before = ToSorted(known)).ToBuilder();
                    if (counts.Count < MaxNames || counts.ContainsKey(text))
                    {
                        counts[text] = count;
                    }
                }
            }
            else
            {
                reader.Skip();
            }
        }

        return counts is null || ReferenceEquals(counts.ToImmutable(), before) ? known : counts.ToImmutable();
    }

    /// <summary>Returns the counts with one more; the same object where it says nothing new. At most 64 names are kept,
    /// of at most 64 characters.</summary>
    public static IReadOnlyDictionary<string, long> With(IReadOnlyDictionary<string, long> counts, string name, long count)
    {
        if (name.Length > MaxNameLength)
        {
            return counts;
        }

        bool isKnown = counts.TryGetValue(name, out long before);
        return (isKnown ? before == count : counts.Count >= MaxNames) ? counts : ToSorted(counts).SetItem(name, count);
    }

    // A change copies the path to a name only, where a dictionary's 64 entries took 5 microseconds and 3 KB: a body may
    // change one in each of its events.
    private static ImmutableSortedDictionary<string, long> ToSorted(IReadOnlyDictionary<string, long> counts) =>
        counts as ImmutableSortedDictionary<string, long> ?? counts.ToImmutableSortedDictionary(StringComparer.Ordinal);
}
