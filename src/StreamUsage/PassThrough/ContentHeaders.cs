using System.Net.Http.Headers;

namespace StreamUsage.PassThrough;

/// <summary>Copies the headers of a content, as they were received.</summary>
internal static class ContentHeaders
{
    /// <summary>Adds the content's headers to another content.</summary>
    /// <param name="content">The content.</param>
    /// <param name="other">The content that gets the headers.</param>
    /// <param name="withLength">Whether Content-Length is copied too.</param>
    public static void CopyHeadersTo(this HttpContent content, HttpContent other, bool withLength = true)
    {
        foreach ((string name, HeaderStringValues values) in content.Headers.NonValidated)
        {
            if (!withLength && name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            if (values.Count == 1)
            {
                other.Headers.TryAddWithoutValidation(name, values.ToString()); // Avoids an enumerator.
            }
            else
            {
                other.Headers.TryAddWithoutValidation(name, values);
            }
        }
    }
}
