using System.Net;
using System.Net.Http.Json;
using System.Runtime.ExceptionServices;

namespace StreamUsage.Http.IncludeUsage;

/// <summary>Asks for the usage of a Chat stream, and removes it from what the caller reads.</summary>
internal static class UsageRequest
{
    private const int MaxErrorBytes = 64 * 1024;

    /// <summary>Returns the content to send in place of the request's; null if usage is not to be asked for.</summary>
    public static async Task<HttpContent?> CreateAsync(
        HttpRequestMessage request, HttpContent? content, int maxBodyBytes, CancellationToken cancellationToken)
    {
        if (content is null || !MayAsk(request, content, maxBodyBytes))
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

    /// <summary>Does the same without waiting. A content that would have to be buffered is left alone.</summary>
    public static HttpContent? Create(
        HttpRequestMessage request, HttpContent? content, int maxBodyBytes, CancellationToken cancellationToken)
    {
        if (content is null || !CanBeReadAgain(content) || !MayAsk(request, content, maxBodyBytes))
        {
            return null;
        }

        var body = new MemoryStream();
        content.CopyTo(body, null, cancellationToken);
        return Edit(content, body, maxBodyBytes);
    }

    /// <summary>Returns whether the server rejected the request for usage. Else its body can be read as
    /// before.</summary>
    public static async Task<bool> IsRejectedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!MayBeRejection(response))
        {
            return false;
        }

        byte[] head = new byte[MaxErrorBytes];
        int length = 0;
        ExceptionDispatchInfo? fault = null;
        Stream body = Stream.Null;
        try
        {
            body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            int read;
            do
            {
                read = await body.ReadAsync(head.AsMemory(length), cancellationToken).ConfigureAwait(false);
                length += read;
            }
            while (read != 0 && length < head.Length);
        }
        catch (Exception caught) when (!cancellationToken.IsCancellationRequested)
        {
            fault = ExceptionDispatchInfo.Capture(caught);
        }
        catch (OperationCanceledException)
        {
            response.Dispose();
            throw;
        }

        return Judge(response, body, head.AsMemory(0, length), fault);
    }

    /// <summary>Does the same without waiting.</summary>
    public static bool IsRejected(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!MayBeRejection(response))
        {
            return false;
        }

        byte[] head = new byte[MaxErrorBytes];
        int length = 0;
        ExceptionDispatchInfo? fault = null;
        Stream body = Stream.Null;
        try
        {
            body = response.Content.ReadAsStream(cancellationToken);
            int read;
            do
            {
                read = body.Read(head.AsSpan(length));
                length += read;
            }
            while (read != 0 && length < head.Length);
        }
        catch (Exception caught)
        {
            fault = ExceptionDispatchInfo.Capture(caught);
        }

        return Judge(response, body, head.AsMemory(0, length), fault);
    }

    /// <summary>Removes the usage chunk from a response to a request that asked for it.</summary>
    public static void HideUsage(HttpResponseMessage response, long maxEventBytes)
    {
        HttpContent content = response.Content;
        if (response.IsSuccessStatusCode && content.Headers.ContentEncoding.Count == 0
            && content.Headers.ContentType?.MediaType?.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase) == true)
        {
            response.Content = new WrappedContent(
                content, body => new FilteredStream(body, new UsageChunkFilter(maxEventBytes)), keepsLength: false);
        }
    }

    // An encoded answer could not be filtered, so its usage is not asked for.
    private static bool MayAsk(HttpRequestMessage request, HttpContent content, int maxBodyBytes) =>
        content.Headers.ContentType?.MediaType?.Equals("application/json", StringComparison.OrdinalIgnoreCase) == true
        && content.Headers.ContentEncoding.Count == 0
        && request.Headers.AcceptEncoding.All(static encoding => encoding.Value == "identity" || encoding.Quality == 0)
        && (content.Headers.ContentLength is { } length ? length <= maxBodyBytes : content is JsonContent);

    private static bool CanBeReadAgain(HttpContent content) => content is ByteArrayContent or ReadOnlyMemoryContent or JsonContent;

    private static ByteArrayContent? Edit(HttpContent content, MemoryStream body, int maxBodyBytes)
    {
        if (body.Length > maxBodyBytes || IncludeUsageEdit.Apply(body.GetBuffer().AsSpan(0, (int)body.Length)) is not { } edited)
        {
            return null;
        }

        var asking = new ByteArrayContent(edited);
        foreach ((string name, System.Net.Http.Headers.HeaderStringValues values) in content.Headers.NonValidated)
        {
            if (!name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                asking.Headers.TryAddWithoutValidation(name, values);
            }
        }

        return asking;
    }

    private static bool MayBeRejection(HttpResponseMessage response) =>
        response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity;

    private static bool Judge(HttpResponseMessage response, Stream body, ReadOnlyMemory<byte> head, ExceptionDispatchInfo? fault)
    {
        if (fault is null && (head.Span.IndexOf("stream_options"u8) >= 0 || head.Span.IndexOf("include_usage"u8) >= 0))
        {
            return true;
        }

        response.Content = new WrappedContent(response.Content, _ => new HeadedStream(head, body, fault), keepsLength: true);
        return false;
    }
}
