namespace StreamUsage.Parsing;

/// <summary>Measures text without decoding it.</summary>
internal static class Utf8Text
{
    /// <summary>UTF-16 units of a text in UTF-8; where it is the inside of a JSON string, of what its escapes stand for.</summary>
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
}
