using System.Buffers;
using System.Text.Unicode;

namespace StreamUsage.Parsing.Json;

/// <summary>Measures and cuts text without decoding it.</summary>
internal static class Utf8Text
{
    /// <summary>UTF-16 units of a text in UTF-8; where it is the inside of a JSON string, of what its escapes stand
    /// for.</summary>
    public static int CountUtf16(ReadOnlySpan<byte> utf8, bool isEscaped)
    {
        if (!isEscaped)
        {
            return JsonStringScanner.CountUtf16(utf8);
        }

        int count = 0;
        while (true)
        {
            int length = utf8.IndexOf((byte)'\\');
            if (length < 0 || length + 1 >= utf8.Length)
            {
                return count + JsonStringScanner.CountUtf16(utf8);
            }

            // \uXXXX is one unit, a surrogate pair two of them; any other escape is one as well.
            count += JsonStringScanner.CountUtf16(utf8[..length]) + 1;
            int escape = utf8[length + 1] == (byte)'u' ? 6 : 2;
            utf8 = utf8[Math.Min(length + escape, utf8.Length)..];
        }
    }

    /// <summary>Of plain UTF-8 that is cut at a length, the length up to the last whole character.</summary>
    public static int WholeCharacters(ReadOnlySpan<byte> utf8, int length)
    {
        if (length >= utf8.Length)
        {
            return utf8.Length;
        }

        // A character has at most three bytes after its first.
        for (int start = length; start >= 0 && start > length - 4; start--)
        {
            if ((utf8[start] & 0xC0) != 0x80)
            {
                return start;
            }
        }

        return length;
    }

    /// <summary>No more than the first characters of a text, and not half of a surrogate pair; <paramref name="known"/>
    /// where they are the same, without a string being made.</summary>
    public static string ToString(ReadOnlySpan<byte> utf8, int maxLength, string? known = null)
    {
        char[] buffer = ArrayPool<char>.Shared.Rent(maxLength);
        Utf8.ToUtf16(utf8, buffer.AsSpan(0, maxLength), out _, out int length);
        ReadOnlySpan<char> text = buffer.AsSpan(0, length);
        string result = known is not null && text.SequenceEqual(known) ? known : text.ToString();
        ArrayPool<char>.Shared.Return(buffer);
        return result;
    }
}
