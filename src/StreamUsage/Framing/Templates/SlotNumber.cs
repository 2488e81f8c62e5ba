using System.Buffers.Binary;
using System.Numerics;

namespace StreamUsage.Framing.Templates;

/// <summary>Finds the unsigned integers in a template's slots.</summary>
internal static class SlotNumber
{
    /// <summary>Returns whether a JSON number can be a template's count: only digits, not too large, and not 0, which
    /// may mean unknown.</summary>
    public static bool IsCount(ReadOnlySpan<byte> number) => Length(number, SlotKind.Count, out _) == number.Length;

    /// <summary>Returns the number of digits at the start of the bytes. Returns 0 if there are none, and -1 if they
    /// cannot be a slot of this kind: a number with a leading zero, or a count that is 0 or too large.</summary>
    /// <param name="bytes">The bytes. If they end with a digit, the number may continue after them.</param>
    /// <param name="kind">The kind of slot.</param>
    /// <param name="order">A value by which counts compare: the digits, of which eight are read at once.</param>
    public static int Length(ReadOnlySpan<byte> bytes, SlotKind kind, out ulong order)
    {
        const int MaxCountDigits = sizeof(ulong) - 1;
        int length = 0;
        order = 0;
        if (bytes.Length >= sizeof(ulong))
        {
            ulong word = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            // Exact up to the first byte that is no digit.
            ulong nonDigits = ((word + 0x4646464646464646) | (word - 0x3030303030303030)) & 0x8080808080808080;
            length = BitOperations.TrailingZeroCount(nonDigits) / 8;
            order = length == 0 ? 0 : BinaryPrimitives.ReverseEndianness(word) >> (64 - (8 * length));
        }

        if (length == sizeof(ulong) || bytes.Length < sizeof(ulong))
        {
            while (length < bytes.Length && char.IsAsciiDigit((char)bytes[length]))
            {
                order = (order << 8) | bytes[length++];
            }
        }

        bool isExcluded = length > 0 && bytes[0] == (byte)'0'
            ? length > 1 || kind == SlotKind.Count : length > MaxCountDigits && kind == SlotKind.Count;
        return isExcluded ? -1 : length;
    }
}
