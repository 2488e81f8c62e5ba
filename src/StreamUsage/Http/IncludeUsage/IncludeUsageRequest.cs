using System.Net.Http.Json;
using StreamUsage.PassThrough;

namespace StreamUsage.Http.IncludeUsage;

/// <summary>Creates the content of a Chat request that asks for the usage of the stream.</summary>
internal static class IncludeUsageRequest
{
    // The edited bytes would not match a digest.
    private static readonly string[] Digests = ["Content-MD5", "Content-Digest", "Digest"];

    /// <summary>Returns the content to send in place of the request's; null if the request must stay as it is. Buffers
    /// the caller's content if it can be read only once.</summary>
    public static async Task<HttpContent?> CreateAsync(
        HttpRequestMessage request, HttpContent? content, int maxBodyBytes, CancellationToken cancellationToken)
    {
        if (content is null || !MayEdit(request, content, maxBodyBytes))
        {
            return null;
        }

        if (!CanBeReadAgain(content))
        {
#if NET9_0_OR_GREATER
            await content.LoadIntoBufferAsync(maxBodyBytes, cancellationToken).ConfigureAwait(false);
#else
            await content.LoadIntoBufferAsync(maxBodyBytes).WaitAsync(cancellationToken).ConfigureAwait(false);
#endif
        }

        var body = new MemoryStream();
        await content.CopyToAsync(body, cancellationToken).ConfigureAwait(false);
        return Edit(content, body, maxBodyBytes);
    }

    /// <summary>Creates the content synchronously. Returns null also for a content that would have to be
    /// buffered.</summary>
    public static HttpContent? Create(
        HttpRequestMessage request, HttpContent? content, int maxBodyBytes, CancellationToken cancellationToken)
    {
        if (content is null || !CanBeReadAgain(content) || !MayEdit(request, content, maxBodyBytes))
        {
            return null;
        }

        var body = new MemoryStream();
        content.CopyTo(body, null, cancellationToken);
        return Edit(content, body, maxBodyBytes);
    }

    // An encoded answer could not be filtered.
    private static bool MayEdit(HttpRequestMessage request, HttpContent content, int maxBodyBytes) =>
        content.Headers.ContentType?.MediaType?.Equals("application/json", StringComparison.OrdinalIgnoreCase) == true
        && content.Headers.ContentEncoding.Count == 0
        && request.Headers.AcceptEncoding.All(static encoding => encoding.Value == "identity" || encoding.Quality == 0)
        && (content.Headers.ContentLength is { } length ? length <= maxBodyBytes : content is JsonContent)
        && !Digests.Any(digest => content.Headers.NonValidated.Contains(digest) || request.Headers.NonValidated.Contains(digest));

    private static bool CanBeReadAgain(HttpContent content) => content is ByteArrayContent or ReadOnlyMemoryContent or JsonContent;

    private static ByteArrayContent? Edit(HttpContent content, MemoryStream body, int maxBodyBytes)
    {
        if (body.Length > maxBodyBytes || IncludeUsageEdit.Apply(body.GetBuffer().AsSpan(0, (int)body.Length)) is not { } edited)
        {
            return null;
        }

        var asking = new ByteArrayContent(edited);
        content.CopyHeadersTo(asking, withLength: false);
        return asking;
    }
}
