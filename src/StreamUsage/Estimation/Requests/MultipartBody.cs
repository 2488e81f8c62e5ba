namespace StreamUsage.Estimation.Requests;

/// <summary>Enumerates the parts of a <c>multipart/form-data</c> request (uploads to transcription and image
/// endpoints), in place. It is recognized by its first bytes.</summary>
internal ref struct MultipartBody
{
    private readonly ReadOnlySpan<byte> _delimiter;
    private ReadOnlySpan<byte> _rest;

    private MultipartBody(ReadOnlySpan<byte> delimiter, ReadOnlySpan<byte> rest)
    {
        Length = rest.Length;
        _delimiter = delimiter;
        _rest = rest;
    }

    public int Length { get; }

    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>Gets the content type of a file; empty if none.</summary>
    public ReadOnlySpan<byte> ContentType { get; private set; }

    public bool IsFile { get; private set; }

    /// <summary>Gets the field's value, up to the end of the kept body.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Creates an enumerator before the first part. Returns false for another body.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out MultipartBody parts)
    {
        int end = body.StartsWith("--"u8) ? body.IndexOf("\r\n"u8) : -1;
        parts = end > 2 ? new MultipartBody(body[..end], body[end..]) : default;
        return end > 2;
    }

    /// <summary>Moves to the next part. Returns false if there is none.</summary>
    public bool Next()
    {
        int headerEnd = _rest.StartsWith("\r\n"u8) ? _rest.IndexOf("\r\n\r\n"u8) : -1;
        if (headerEnd < 0)
        {
            return false; // The end ("--"), or a truncated body.
        }

        ReadHeaders(_rest[..headerEnd]);
        ReadOnlySpan<byte> content = _rest[(headerEnd + 4)..];
        int length = IndexOfDelimiter(content);
        Value = length < 0 ? content : content[..length];
        _rest = length < 0 ? default : content[(length + 2 + _delimiter.Length)..];
        return true;
    }

    private readonly int IndexOfDelimiter(ReadOnlySpan<byte> content)
    {
        for (int at = 0; ;)
        {
            int found = content[at..].IndexOf(_delimiter);
            if (found < 0)
            {
                return -1;
            }

            at += found;
            if (at >= 2 && content[at - 2] == (byte)'\r' && content[at - 1] == (byte)'\n')
            {
                return at - 2;
            }

            at += _delimiter.Length;
        }
    }

    private void ReadHeaders(ReadOnlySpan<byte> headers)
    {
        Name = ContentType = default;
        IsFile = false;
        while (!headers.IsEmpty)
        {
            headers = headers.TrimStart("\r\n"u8);
            int end = headers.IndexOf("\r\n"u8);
            ReadOnlySpan<byte> line = end < 0 ? headers : headers[..end];
            headers = end < 0 ? default : headers[end..];
            int colon = line.IndexOf((byte)':');
            if (colon < 0)
            {
                continue;
            }

            ReadOnlySpan<byte> value = line[(colon + 1)..].Trim(" \t"u8);
            if (System.Text.Ascii.EqualsIgnoreCase(line[..colon], "Content-Type"u8))
            {
                ContentType = value;
            }
            else if (System.Text.Ascii.EqualsIgnoreCase(line[..colon], "Content-Disposition"u8))
            {
                Name = Parameter(value, " name="u8);
                IsFile = value.IndexOf("filename"u8) >= 0;
            }
        }
    }

    // name="file", name=file.
    private static ReadOnlySpan<byte> Parameter(ReadOnlySpan<byte> value, ReadOnlySpan<byte> name)
    {
        int start = value.IndexOf(name);
        if (start < 0)
        {
            return default;
        }

        ReadOnlySpan<byte> found = value[(start + name.Length)..];
        int end = found.IndexOf((byte)';');
        return (end < 0 ? found : found[..end]).Trim("\" "u8);
    }
}
