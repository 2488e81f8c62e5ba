namespace StreamUsage.Estimation.Counting;

/// <summary>Represents the number of characters of each class in a UTF-8 text, for text that is not kept.</summary>
internal readonly record struct CharacterClasses
{
    /// <summary>Gets the number of ASCII letters.</summary>
    public long Letters { get; init; }

    /// <summary>Gets the number of ASCII digits.</summary>
    public long Digits { get; init; }

    /// <summary>Gets the number of runs of ASCII spaces and control characters, of any length.</summary>
    public long Spaces { get; init; }

    /// <summary>Gets the number of other ASCII characters.</summary>
    public long Punctuation { get; init; }

    /// <summary>Gets the number of characters of other alphabets, up to U+0FFF: accented Latin, Greek, Cyrillic,
    /// Hebrew, Arabic, Indic, Thai.</summary>
    public long OtherAlphabets { get; init; }

    /// <summary>Gets the number of other three-byte characters: Chinese, Japanese, Korean, most symbols.</summary>
    public long EastAsian { get; init; }

    /// <summary>Gets the number of four-byte characters, mostly emoji.</summary>
    public long FourByte { get; init; }

    /// <summary>Counts a piece of UTF-8. A cut character counts where it begins; invalid bytes count in any
    /// class.</summary>
    /// <param name="utf8">The text.</param>
    /// <returns>The classes.</returns>
    public static CharacterClasses Count(ReadOnlySpan<byte> utf8)
    {
        long letters = 0, digits = 0, spaces = 0, punctuation = 0, alphabets = 0, eastAsian = 0, four = 0;
        byte before = 0;
        foreach (byte b in utf8)
        {
            if (b < 0x80)
            {
                if ((uint)((b | 0x20) - 'a') < 26)
                {
                    letters++;
                }
                else if (b <= ' ')
                {
                    spaces += before is 0 or > (byte)' ' ? 1 : 0;
                }
                else if ((uint)(b - '0') < 10)
                {
                    digits++;
                }
                else
                {
                    punctuation++;
                }
            }
            else if (b >= 0xC0)
            {
                alphabets += b <= 0xE0 ? 1 : 0;
                eastAsian += b is > 0xE0 and < 0xF0 ? 1 : 0;
                four += b >= 0xF0 ? 1 : 0;
            }

            before = b;
        }

        return new CharacterClasses
        {
            Letters = letters,
            Digits = digits,
            Spaces = spaces,
            Punctuation = punctuation,
            OtherAlphabets = alphabets,
            EastAsian = eastAsian,
            FourByte = four,
        };
    }

    /// <summary>Adds class by class.</summary>
    /// <param name="left">The first classes.</param>
    /// <param name="right">The second classes.</param>
    public static CharacterClasses operator +(CharacterClasses left, CharacterClasses right) => new()
    {
        Letters = left.Letters + right.Letters,
        Digits = left.Digits + right.Digits,
        Spaces = left.Spaces + right.Spaces,
        Punctuation = left.Punctuation + right.Punctuation,
        OtherAlphabets = left.OtherAlphabets + right.OtherAlphabets,
        EastAsian = left.EastAsian + right.EastAsian,
        FourByte = left.FourByte + right.FourByte,
    };
}
