namespace StreamUsage.Buffers;

/// <summary>Limits the length of text that others chose.</summary>
internal static class CappedText
{
    /// <summary>Returns the text, or its beginning where it is longer than so many UTF-16 units; a surrogate pair is
    /// not cut.</summary>
    public static string Of(string text, int maxLength)
    {
        if (text.Length <= maxLength)
        {
            return text;
        }

        return text[..(char.IsHighSurrogate(text[maxLength - 1]) ? maxLength - 1 : maxLength)];
    }
}
