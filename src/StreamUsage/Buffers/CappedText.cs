namespace StreamUsage.Buffers;

/// <summary>Limits the length of external text.</summary>
internal static class CappedText
{
    /// <summary>Returns the text, cut to at most <paramref name="maxLength"/> UTF-16 units (1 or more), never inside a
    /// surrogate pair.</summary>
    public static string Of(string text, int maxLength)
    {
        if (text.Length <= maxLength)
        {
            return text;
        }

        return text[..(char.IsHighSurrogate(text[maxLength - 1]) ? maxLength - 1 : maxLength)];
    }
}
