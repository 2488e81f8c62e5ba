namespace StreamUsage.Parsing.Json;

/// <summary>Cuts the inside of a JSON string between characters.</summary>
internal static class JsonStringCut
{
    /// <summary>Returns a cut string without a partial escape, surrogate pair or character at its end.</summary>
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

    // \uD83D\uDE00 is one escape, also if the text ends where its second half may begin. A high surrogate without a
    // following escape is legal JSON, and stands alone.
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

    // An invalid byte counts as one character, since an escape may follow it.
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
