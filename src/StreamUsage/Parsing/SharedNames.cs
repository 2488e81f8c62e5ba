using System.Buffers.Binary;
using System.Text;

namespace StreamUsage.Parsing;

/// <summary>Shares the strings of names that many responses report: models, stop reasons, tiers. The table has a fixed
/// size, and a newer name replaces an older one. A race between threads only loses an entry.</summary>
internal static class SharedNames
{
    private const int MaxLength = 64;
    private const int Places = 256;

    private static readonly string?[] s_names = new string?[Places];

    /// <summary>Returns the string of an ASCII name; null if the name is too long or not ASCII.</summary>
    public static string? Find(ReadOnlySpan<byte> name)
    {
        if (name.Length > MaxLength || !Ascii.IsValid(name))
        {
            return null;
        }

        ref string? place = ref s_names[Hash(name) % Places];
        if (place is { } known && Ascii.Equals(name, known))
        {
            return known;
        }

        place = Encoding.ASCII.GetString(name);
        return place;
    }

    // Models of one family differ only at the end of their names, so the hash covers the whole name.
    private static uint Hash(ReadOnlySpan<byte> name)
    {
        uint hash = (uint)name.Length;
        for (; name.Length >= sizeof(uint); name = name[sizeof(uint)..])
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt32LittleEndian(name)) * 0x9E3779B1;
        }

        foreach (byte next in name)
        {
            hash = (hash ^ next) * 0x9E3779B1;
        }

        return hash >> 16;
    }
}
