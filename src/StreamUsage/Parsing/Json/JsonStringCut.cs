namespace StreamUsage.Parsing.Json;

/// <summary>Cuts the inside of a JSON string where it may be cut.</summary>
internal static class JsonStringCut
{
    /// <summary>What there is of a cut string before an escape, a surrogate pair or a character that the cut went
    /// through.</summary>
    public static ReadOnlySpan<byte> WholeCharacters(ReadOnlySpan<byte> text)
    {
        int whole = 0;
        while (whole < text.Length)
        {
            int length = text[whole] == (byte)'\\' ? EscapeLength(text[whole..]) : CharacterLength(text[whole..]);
            if (length > text.Length - whole)
            {
                break;
            }

            whole += length;
        }

        return text[..whole];
    }

    // \uD83D\uDE00 is one; a high surrogate that no other escape follows is legal JSON, and stands alone.
    private static int EscapeLength(ReadOnlySpan<byte> text)
    {
        if (text.Length < 2 || text[1] != (byte)'u')
        {
            return 2;
        }

        bool isHighSurrogate =
            text.Length > 3 && (text[2] | 0x20) == (byte)'d' && (text[3] | 0x20) is (byte)'8' or (byte)'9' or (byte)'a' or (byte)'b';
        return isHighSurrogate && text[Math.Min(6, text.Length)..] is [] or [(byte)'\\'] or [(byte)'\\', (byte)'u', ..] ? 12 : 6;
    }

    // Bytes that are not UTF-8 are a character each: what follows them may be an escape.
    private static int CharacterLength(ReadOnlySpan<byte> text)
    {
        int length = text[0] switch { < 0xC0 => 1, < 0xE0 => 2, < 0xF0 => 3, _ => 4 };
        for (int i = 1; i < Math.Min(length, text.Length); i++)
        {
            if ((text[i] & 0xC0) != 0x80)
            {
                return 1;
            }
        }

        return length;
    }
}
