using System.Text;
using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.UsageObjects;

/// <summary>Counts under names that a provider may add to: server tools, token details.</summary>
internal static class CountsByName
{
    private const int MaxNames = 64;
    private const int MaxNameLength = 64;

    /// <summary>Reads an object of counts into those known before; later counts replace earlier ones of the same name, and what is no count is passed by.</summary>
    public static IReadOnlyDictionary<string, long> Read(ref Utf8JsonReader reader, IReadOnlyDictionary<string, long> known, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return known;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (reader.TokenType == JsonTokenType.Number && reader.GetCount(name, output) is { } count)
            {
                known = With(known, Encoding.UTF8.GetString(name), count);
            }
            else
            {
                reader.Skip();
            }
        }

        return known;
    }

    /// <summary>The counts with one more; the same object where it says nothing new. At most 64 names are kept, of at most 64 characters.</summary>
    public static IReadOnlyDictionary<string, long> With(IReadOnlyDictionary<string, long> counts, string name, long count)
    {
        if (name.Length > MaxNameLength)
        {
            return counts;
        }

        bool isKnown = counts.TryGetValue(name, out long before);
        if (isKnown ? before == count : counts.Count >= MaxNames)
        {
            return counts;
        }

        return new Dictionary<string, long>(counts) { [name] = count };
    }
}
