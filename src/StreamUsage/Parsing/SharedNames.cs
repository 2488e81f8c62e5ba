using System.Buffers.Binary;
using System.Text;

namespace StreamUsage.Parsing;

/// <summary>Names that many responses say: models, stop reasons, tiers. The string of an earlier response serves again,
/// so that each does not hold its own. A table of fixed size, where a newer name takes an older one's place; threads
/// that write at once lose a place, never a name.</summary>
internal static class SharedNames
{
    private const int MaxLength = 64;
    private const int Places = 256;

    private static readonly string?[] s_names = new string?[Places];

    /// <summary>The string of an ASCII name; null where the bytes are none, or too many.</summary>
    public static string? Find(ReadOnlySpan<byte> name)
    {
        if (name.Length > MaxLength || !Ascii.IsValid(name))
        {
            return null;
        }

        ref string? place = ref s_names[Hash(name) % Places];
        return place is { } known && Ascii.Equals(name, known) ? known : place = Encoding.ASCII.GetString(name);
    }

    // Models of one family differ at their ends.
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
