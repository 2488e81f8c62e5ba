namespace StreamUsage.Estimation.Counting;

/// <summary>How many characters of each class a text in UTF-8 has: what is counted in passing where no text may be kept.</summary>
internal readonly record struct CharacterClasses
{
    /// <summary>ASCII letters.</summary>
    public long Letters { get; init; }

    /// <summary>ASCII digits.</summary>
    public long Digits { get; init; }

    /// <summary>Runs of ASCII spaces and control characters: a run is one, however long.</summary>
    public long Spaces { get; init; }

    /// <summary>Other ASCII characters.</summary>
    public long Punctuation { get; init; }

    /// <summary>Characters of other alphabets, up to U+0FFF: accented Latin, Greek, Cyrillic, Hebrew, Arabic, Indic, Thai.</summary>
    public long OtherAlphabets { get; init; }

    /// <summary>Other characters of three bytes: Chinese, Japanese, Korean, most symbols.</summary>
    public long EastAsian { get; init; }

    /// <summary>Characters of four bytes: emoji above all.</summary>
    public long FourByte { get; init; }

    /// <summary>Counts a piece of UTF-8. A character that is cut counts where it begins; what is no UTF-8 counts somewhere.</summary>
    /// <param name="utf8">The text.</param>
    /// <returns>Its classes.</returns>
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

        return new CharacterClasses { Letters = letters, Digits = digits, Spaces = spaces, Punctuation = punctuation, OtherAlphabets = alphabets, EastAsian = eastAsian, FourByte = four };
    }

    /// <summary>The sum, class by class.</summary>
    /// <param name="left">One text's classes.</param>
    /// <param name="right">Another's.</param>
    /// <returns>Those of both.</returns>
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
