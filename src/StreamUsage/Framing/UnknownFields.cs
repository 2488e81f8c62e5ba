using System.Buffers;
using System.Text;

namespace StreamUsage.Framing;

/// <summary>Represents the distinct names of a response's unknown usage fields, up to a limit. A mutable struct: never
/// copy it.</summary>
internal struct UnknownFields
{
    private const string Other = "other";
    private const int MaxNames = 16;
    private const int MaxNameLength = 64;

    // A name goes to logs and metrics, so a name with unusual characters is replaced.
    private static readonly SearchValues<byte> NameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."u8);

    private List<string>? _names;

    /// <summary>Gets the names, <c>other</c> for those that are not shown; empty if none.</summary>
    public readonly IReadOnlyList<string> Names => _names ?? (IReadOnlyList<string>)[];

    /// <summary>Adds a name in UTF-8. Some servers send the same unknown field in each event, so no string is made for
    /// a known one.</summary>
    public void Add(ReadOnlySpan<byte> name)
    {
        List<string> names = _names ??= [];
        if (names.Count == MaxNames)
        {
            return;
        }

        bool isShown = name.Length <= MaxNameLength && !name.ContainsAnyExcept(NameCharacters);
        foreach (string known in names)
        {
            if (isShown ? Ascii.Equals(name, known) : known == Other)
            {
                return;
            }
        }

        names.Add(isShown ? Encoding.ASCII.GetString(name) : Other);
    }
}
