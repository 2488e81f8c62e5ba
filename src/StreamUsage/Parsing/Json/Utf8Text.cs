using System.Buffers;
using System.Text.Unicode;

namespace StreamUsage.Parsing.Json;

/// <summary>Measures and cuts text without decoding it.</summary>
internal static class Utf8Text
{
    /// <summary>Returns the UTF-16 units of a text in UTF-8, or of the decoded inside of a JSON string.</summary>
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

            // \uXXXX is one unit, so a surrogate pair is two. Any other escape is one.
            count += JsonStringScanner.CountUtf16(utf8[..length]) + 1;
            int escape = utf8[length + 1] == (byte)'u' ? 6 : 2;
            utf8 = utf8[Math.Min(length + escape, utf8.Length)..];
        }
    }

    /// <summary>Returns the length up to the last whole character before <paramref name="length"/>.</summary>
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

    /// <summary>Returns the first characters of a text, without half a surrogate pair; <paramref name="known"/> if
    /// equal.</summary>
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
