using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace StreamUsage.Parsing.Json;

/// <summary>Finds the end of a JSON string and counts its UTF-16 units in one pass, with vector instructions.</summary>
internal static class JsonStringScanner
{
    // A control character, or an escape that JSON does not have.
    private const int Invalid = -1;

    /// <summary>Scans from <paramref name="start"/>, the first byte after a string's opening quote.</summary>
    public static StringScan Scan(ReadOnlySpan<byte> bytes, int start)
    {
        // A text token is short, so 32 bytes are read at once, without branching on its length. Near the end of the
        // bytes the vector starts before the string, and those bytes are shifted out.
        if (Vector256.IsHardwareAccelerated && bytes.Length >= Vector256<byte>.Count && start < bytes.Length)
        {
            int from = Math.Min(start, bytes.Length - Vector256<byte>.Count);
            Vector256<byte> next = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(bytes), (uint)from);
            Vector256<byte> isStop = Vector256.Equals(next, Vector256.Create((byte)'"'))
                | Vector256.Equals(next, Vector256.Create((byte)'\\'))
                | Vector256.Equals(next & Vector256.Create((byte)0xE0), Vector256<byte>.Zero);
            uint stops = isStop.ExtractMostSignificantBits() >> (start - from);
            int escapes = 0;
            while (stops != 0)
            {
                int length = BitOperations.TrailingZeroCount(stops);
                byte stop = bytes[start + length];
                if (stop == (byte)'"')
                {
                    uint nonAscii = next.ExtractMostSignificantBits() >> (start - from) & ((1u << length) - 1);
                    return new StringScan(
                        length, (nonAscii == 0 ? length : CountUtf16(bytes.Slice(start, length))) - escapes, escapes != 0);
                }

                // A two-byte escape is one unit. Other escapes, and strings beyond these bytes, are handled below.
                if (stop != (byte)'\\' || length + 1 >= Vector256<byte>.Count - (start - from)
                    || EscapeLength(bytes.Slice(start + length, 2)) != 2)
                {
                    break;
                }

                escapes++;
                stops &= ~(3u << length);
            }
        }

        return Scan(bytes[start..]);
    }

    private static StringScan Scan(ReadOnlySpan<byte> bytes)
    {
        int utf16Length = 0;
        bool isEscaped = false;
        int at = 0;
        while (true)
        {
            at += Plain(bytes[at..], ref utf16Length);
            if (at == bytes.Length || bytes[at] == (byte)'"')
            {
                return new StringScan(at, utf16Length, isEscaped);
            }

            int escape = bytes[at] == (byte)'\\' ? EscapeLength(bytes[at..]) : Invalid;
            if (escape <= 0)
            {
                return new StringScan(escape == 0 ? bytes.Length : Invalid, 0, isEscaped);
            }

            isEscaped = true;
            utf16Length++;
            at += escape;
        }
    }

    /// <summary>Returns the UTF-16 units of plain UTF-8: one a character, two for one of four bytes.</summary>
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

    // Returns the length up to the first quote, backslash or control character.
    private static int Plain(ReadOnlySpan<byte> bytes, ref int utf16Length)
    {
        int at = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            ref byte first = ref MemoryMarshal.GetReference(bytes);
            for (; bytes.Length - at >= Vector128<byte>.Count; at += Vector128<byte>.Count)
            {
                Vector128<byte> next = Vector128.LoadUnsafe(ref first, (uint)at);
                Vector128<byte> isStop = Vector128.Equals(next, Vector128.Create((byte)'"'))
                    | Vector128.Equals(next, Vector128.Create((byte)'\\'))
                    | Vector128.LessThan(next, Vector128.Create((byte)0x20));
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

    // Returns the length of the escape at the start; 0 if it continues past the end; Invalid if it is none.
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
