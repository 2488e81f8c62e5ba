namespace StreamUsage.Buffers;

/// <summary>Limits the length of external text.</summary>
internal static class CappedText
{
    /// <summary>Returns the text, cut at a maximum of UTF-16 units, at least one, but never inside a surrogate
    /// pair.</summary>
    public static string Of(string text, int maxLength)
    {
        if (text.Length <= maxLength)
        {
            return text;
        }

        return text[..(char.IsHighSurrogate(text[maxLength - 1]) ? maxLength - 1 : maxLength)];
    }
}
