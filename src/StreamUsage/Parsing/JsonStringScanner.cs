using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace StreamUsage.Parsing;

/// <summary>Finds the end of a JSON string and counts its UTF-16 units in one pass, sixteen bytes at a time.</summary>
internal static class JsonStringScanner
{
    /// <summary>Not the inside of a JSON string: a control character or an escape that JSON does not have.</summary>
    public const int Invalid = -1;

    /// <summary>Scans from the first byte after a string's opening quote.</summary>
    /// <param name="bytes">What follows the quote.</param>
    /// <param name="utf16Length">UTF-16 units of the string, an escape counted as what it stands for.</param>
    /// <param name="isEscaped">Whether there are escapes in it.</param>
    /// <returns>Bytes up to the closing quote; all bytes where it is not among them; <see cref="Invalid"/>.</returns>
    public static int Scan(ReadOnlySpan<byte> bytes, out int utf16Length, out bool isEscaped)
    {
        utf16Length = 0;
        isEscaped = false;
        int at = 0;
        while (true)
        {
            at += Plain(bytes[at..], ref utf16Length);
            if (at == bytes.Length || bytes[at] == (byte)'"')
            {
                return at;
            }

            if (bytes[at] != (byte)'\\')
            {
                return Invalid;
            }

            int escape = EscapeLength(bytes[at..]);
            if (escape <= 0)
            {
                return escape == 0 ? bytes.Length : Invalid;
            }

            isEscaped = true;
            utf16Length++;
            at += escape;
        }
    }

    /// <summary>UTF-16 units of plain UTF-8: one for each character, two for those of four bytes.</summary>
    public static int CountUtf16(ReadOnlySpan<byte> utf8)
    {
        int count = 0;
        int at = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            for (; utf8.Length - at >= Vector128<byte>.Count; at += Vector128<byte>.Count)
            {
                count += CountUtf16(Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(utf8), (uint)at), uint.MaxValue);
            }
        }

        for (; at < utf8.Length; at++)
        {
            count += Units(utf8[at]);
        }

        return count;
    }

    // The length of what goes before the first quote, backslash or control character.
    private static int Plain(ReadOnlySpan<byte> bytes, ref int utf16Length)
    {
        int at = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            ref byte first = ref MemoryMarshal.GetReference(bytes);
            for (; bytes.Length - at >= Vector128<byte>.Count; at += Vector128<byte>.Count)
            {
                Vector128<byte> next = Vector128.LoadUnsafe(ref first, (uint)at);
                Vector128<byte> isStop = Vector128.Equals(next, Vector128.Create((byte)'"')) | Vector128.Equals(next, Vector128.Create((byte)'\\')) | Vector128.LessThan(next, Vector128.Create((byte)0x20));
                uint stops = isStop.ExtractMostSignificantBits();
                if (stops != 0)
                {
                    int length = BitOperations.TrailingZeroCount(stops);
                    utf16Length += CountUtf16(next, (1u << length) - 1);
                    return at + length;
                }

                utf16Length += CountUtf16(next, uint.MaxValue);
            }
        }

        for (; at < bytes.Length; at++)
        {
            byte next = bytes[at];
            if (next is (byte)'"' or (byte)'\\' or < 0x20)
            {
                break;
            }

            utf16Length += Units(next);
        }

        return at;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int CountUtf16(Vector128<byte> bytes, uint of)
    {
        uint nonAscii = bytes.ExtractMostSignificantBits() & of;
        if (nonAscii == 0)
        {
            return BitOperations.PopCount(of & 0xFFFF);
        }

        uint continuations = Vector128.LessThan(bytes.AsSByte(), Vector128.Create((sbyte)-64)).ExtractMostSignificantBits() & of;
        uint fourByteLeads = Vector128.GreaterThanOrEqual(bytes, Vector128.Create((byte)0xF0)).ExtractMostSignificantBits() & of;
        return BitOperations.PopCount(of & 0xFFFF & ~continuations) + BitOperations.PopCount(fourByteLeads);
    }

    private static int Units(byte value) => (value & 0xC0) == 0x80 ? 0 : value >= 0xF0 ? 2 : 1;

    // The length of the escape at the start; 0 where it goes on past the end; Invalid where it is none.
    private static int EscapeLength(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 1)
        {
            return 0;
        }

        if (bytes[1] is (byte)'n' or (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'b' or (byte)'f' or (byte)'r' or (byte)'t')
        {
            return 2;
        }

        if (bytes[1] != (byte)'u')
        {
            return Invalid;
        }

        for (int i = 2; i < 6; i++)
        {
            if (i == bytes.Length)
            {
                return 0;
            }

            if (!char.IsAsciiHexDigit((char)bytes[i]))
            {
                return Invalid;
            }
        }

        return 6;
    }
}
