namespace StreamUsage.Estimation.Counting;

/// <summary>Cuts text into pieces, so that a byte-pair tokenizer takes linear time.</summary>
/// <remarks>The tokenizer takes quadratic time for a run that its pattern does not break: seconds for 128,000 letters.
/// A run is cut after <see cref="MaxRun"/> characters. Each cut adds at most one token: under 2 % of a text that is one
/// run.</remarks>
internal static class TextCutter
{
    public const int MaxRun = 64;

    private enum Kind : byte
    {
        None,
        Letter,
        Digit,
        Space,
        Other,
    }

    /// <summary>Returns the length of the first piece, which is the whole text if no run is too long.</summary>
    public static int NextPiece(ReadOnlySpan<char> text)
    {
        Kind run = Kind.None;
        int runStart = 0;
        for (int i = 0; i < text.Length; i++)
        {
            // A non-ASCII character may continue letters and symbols alike, so it never ends a run.
            Kind kind = text[i] < 0x80 ? KindOf(text[i]) : run;
            if (kind != run)
            {
                run = kind;
                runStart = i;
            }
            else if (i - runStart >= MaxRun)
            {
                return char.IsLowSurrogate(text[i]) ? i - 1 : i;
            }
        }

        return text.Length;
    }

    private static Kind KindOf(char ascii) =>
        char.IsAsciiLetter(ascii) ? Kind.Letter
        : char.IsAsciiDigit(ascii) ? Kind.Digit
        : ascii is ' ' or '\t' or '\r' or '\n' ? Kind.Space
        : Kind.Other;
}
