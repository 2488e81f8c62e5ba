using StreamUsage.Parsing.Json;

namespace StreamUsage.Capture;

/// <summary>Copies the request body into the record, since the caller may reuse its memory afterwards.</summary>
internal static class RequestBodyCapture
{
    /// <summary>Returns a copy up to the limit, which never ends inside a character. It is empty if the memory
    /// is gone.</summary>
    public static ReadOnlyMemory<byte> Copy(ReadOnlyMemory<byte> body, long limit, out bool isTruncated)
    {
        isTruncated = false;
        try
        {
            ReadOnlySpan<byte> bytes = body.Span;
            isTruncated = bytes.Length > limit;
            return bytes[..Utf8Text.WholeCharacters(bytes, (int)Math.Min(bytes.Length, limit))].ToArray();
        }
        catch (Exception)
        {
            isTruncated = true;
            return default;
        }
    }
}
