using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.UsageObjects;

/// <summary>Merges counts under names that a provider may add to: server tools, token details. At most 64 names of 64
/// characters are kept.</summary>
internal static class CountsByName
{
    private const int MaxNames = 64;
    private const int MaxNameLength = 64;
    private const int MaxNameBytes = 3 * MaxNameLength; // A UTF-16 unit takes at most 3 bytes.

    /// <summary>Returns the known counts with those of an object. Later counts replace earlier ones; other values are
    /// skipped.</summary>
    public static IReadOnlyDictionary<string, long> Read(
        ref Utf8JsonReader reader, IReadOnlyDictionary<string, long> known, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return known;
        }

        ImmutableSortedDictionary<string, long>? before = null;
        // One builder for the object: each change of the map itself would copy part of it.
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

        // An unchanged builder returns the map that it was made of.
        ImmutableSortedDictionary<string, long>? next = counts?.ToImmutable();
        return next is null || ReferenceEquals(next, before) ? known : next;
    }

    /// <summary>Returns the counts with one of them set; the same object if nothing changes.</summary>
    public static IReadOnlyDictionary<string, long> With(IReadOnlyDictionary<string, long> counts, string name, long count)
    {
        if (name.Length > MaxNameLength)
        {
            return counts;
        }

        bool isKnown = counts.TryGetValue(name, out long before);
        return (isKnown ? before == count : counts.Count >= MaxNames) ? counts : ToSorted(counts).SetItem(name, count);
    }

    // A change copies only the path to a name. Copying a dictionary of 64 entries took 5 microseconds and 3 KB an
    // event.
    private static ImmutableSortedDictionary<string, long> ToSorted(IReadOnlyDictionary<string, long> counts) =>
        counts as ImmutableSortedDictionary<string, long> ?? counts.ToImmutableSortedDictionary(StringComparer.Ordinal);
}
