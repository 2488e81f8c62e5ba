using System.Buffers.Binary;

namespace StreamUsage.Framing.EventStreams;

/// <summary>Computes the CRC-32 of gzip (RFC 1952, section 8), eight bytes at a time. The framework's own is in a
/// separate package.</summary>
internal static class Crc32
{
    private const int Slices = 8;
    private static readonly uint[] Table = MakeTable();

    /// <summary>Returns the checksum of earlier bytes with checksum <paramref name="crc"/> (0 for none) and
    /// <paramref name="bytes"/>.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<uint> table = Table;
        crc = ~crc;
        while (bytes.Length >= Slices)
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ crc;
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = table[(int)(0x700 | (low & 0xFF))] ^ table[(int)(0x600 | ((low >> 8) & 0xFF))]
                ^ table[(int)(0x500 | ((low >> 16) & 0xFF))] ^ table[(int)(0x400 | (low >> 24))]
                ^ table[(int)(0x300 | (high & 0xFF))] ^ table[(int)(0x200 | ((high >> 8) & 0xFF))]
                ^ table[(int)(0x100 | ((high >> 16) & 0xFF))] ^ table[(int)(high >> 24)];
            bytes = bytes[Slices..];
        }

        foreach (byte value in bytes)
        {
            crc = table[(int)((crc ^ value) & 0xFF)] ^ (crc >> 8);
        }

        return ~crc;
    }

    // The first 256 entries are the remainders of a byte; each further 256 are for the byte followed by one more zero
    // byte.
    private static uint[] MakeTable()
    {
        const uint Polynomial = 0xEDB88320;
        var table = new uint[Slices * 256];
        for (uint value = 0; value < 256; value++)
        {
            uint remainder = value;
            for (int bit = 0; bit < 8; bit++)
            {
                remainder = (remainder >> 1) ^ ((remainder & 1) * Polynomial);
            }

            table[value] = remainder;
        }

        for (int i = 256; i < table.Length; i++)
        {
            uint before = table[i - 256];
            table[i] = table[before & 0xFF] ^ (before >> 8);
        }

        return table;
    }
}
