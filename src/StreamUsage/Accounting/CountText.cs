namespace StreamUsage.Accounting;

/// <summary>Reads a count: an integer in any JSON notation, such as <c>512</c>, <c>512.0</c> or <c>5.12e2</c>, or a
/// string of digits.</summary>
internal static class CountText
{
    public const long MaxCount = 1L << 40;

    private const int MaxExponent = 1000;

    /// <summary>Reads a JSON number. Returns false if it is negative, fractional, over <see cref="MaxCount"/> or no
    /// number.</summary>
    public static bool TryReadNumber(ReadOnlySpan<byte> text, out long count)
    {
        count = 0;
        bool isNegative = !text.IsEmpty && text[0] == (byte)'-';
        text = isNegative ? text[1..] : text;
        int exponentAt = text.IndexOfAny((byte)'e', (byte)'E');
        int exponent = 0;
        if (exponentAt >= 0 && !TryReadExponent(text[(exponentAt + 1)..], out exponent))
        {
            return false;
        }

        ReadOnlySpan<byte> mantissa = exponentAt < 0 ? text : text[..exponentAt];
        int point = mantissa.IndexOf((byte)'.');
        ReadOnlySpan<byte> whole = point < 0 ? mantissa : mantissa[..point];
        ReadOnlySpan<byte> fraction = point < 0 ? default : mantissa[(point + 1)..].TrimEnd((byte)'0');
        if (whole.IsEmpty || !TryAppend(whole, ref count) || !TryAppend(fraction, ref count))
        {
            return false;
        }

        return TryScale(ref count, exponent - fraction.Length) && !(isNegative && count != 0);
    }

    /// <summary>Reads the inside of a JSON string. Returns false if it has other characters than digits, or is over
    /// <see cref="MaxCount"/>.</summary>
    public static bool TryReadDigits(ReadOnlySpan<byte> text, out long count)
    {
        count = 0;
        return !text.IsEmpty && TryAppend(text, ref count) && count <= MaxCount;
    }

    private static bool TryReadExponent(ReadOnlySpan<byte> text, out int exponent)
    {
        bool isNegative = !text.IsEmpty && text[0] == (byte)'-';
        text = !text.IsEmpty && text[0] is (byte)'-' or (byte)'+' ? text[1..] : text;
        long value = 0;
        bool isRead = !text.IsEmpty && TryAppend(text, ref value) && value <= MaxExponent;
        exponent = (int)(isNegative ? -value : value);
        return isRead;
    }

    private static bool TryAppend(ReadOnlySpan<byte> digits, ref long value)
    {
        const long MaxBeforeDigit = (long.MaxValue - 9) / 10;
        foreach (byte digit in digits)
        {
            if (!char.IsAsciiDigit((char)digit) || value > MaxBeforeDigit)
            {
                return false;
            }

            value = (value * 10) + (digit - '0');
        }

        return true;
    }

    private static bool TryScale(ref long count, int exponent)
    {
        for (; exponent > 0 && count != 0; exponent--)
        {
            if (count > MaxCount)
            {
                return false;
            }

            count *= 10;
        }

        for (; exponent < 0 && count != 0; exponent++)
        {
            (count, long left) = Math.DivRem(count, 10);
            if (left != 0)
            {
                return false;
            }
        }

        return count <= MaxCount;
    }
}
