using StreamUsage.Parsing.Json;

namespace StreamUsage.Capture;

/// <summary>Copies the request's body into the record: the caller's own bytes are the caller's again once the record is
/// made.</summary>
internal static class RequestBodyCapture
{
    /// <summary>A copy of so many bytes at most, whole characters of them; of a caller's memory that is gone,
    /// nothing.</summary>
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
