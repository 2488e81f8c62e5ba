using System.Net;
using System.Runtime.ExceptionServices;

namespace StreamUsage.Http.IncludeUsage;

/// <summary>Handles the response to a Chat request that was edited to ask for the usage.</summary>
internal static class IncludeUsageResponse
{
    private const int MaxErrorBytes = 64 * 1024;

    /// <summary>Reads the beginning of an error. Returns whether the server rejected the field. If not, the response
    /// gets a content that can be read as before. A response whose reading is canceled is disposed.</summary>
    public static async Task<bool> ReadRejectionAsync(HttpResponseMessage response, CancellationToken cancellationToken)
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
        catch (Exception caught)
        {
            fault = Keep(caught, response, cancellationToken);
        }

        return Judge(response, body, head.AsMemory(0, length), fault);
    }

    /// <summary>Reads the beginning of an error synchronously.</summary>
    public static bool ReadRejection(HttpResponseMessage response, CancellationToken cancellationToken)
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
            fault = Keep(caught, response, cancellationToken);
        }

        return Judge(response, body, head.AsMemory(0, length), fault);
    }

    /// <summary>Returns whether a status may mean that the server rejects the field.</summary>
    public static bool MayBeRejection(HttpResponseMessage response) =>
        response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity;

    /// <summary>Removes the usage chunk from the response.</summary>
    public static void HideUsage(HttpResponseMessage response, long maxEventBytes)
    {
        HttpContent content = response.Content;
        if (response.IsSuccessStatusCode && content.Headers.ContentEncoding.Count == 0
            && content.Headers.ContentType?.MediaType?.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase) == true)
        {
            response.Content = new WrappedContent(content, new UsageChunkFilter(maxEventBytes));
        }
    }

    // The caller gets the fault after the bytes that came before it. A canceled caller gets it now.
    private static ExceptionDispatchInfo Keep(Exception fault, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            response.Dispose();
            ExceptionDispatchInfo.Throw(fault);
        }

        return ExceptionDispatchInfo.Capture(fault);
    }

    private static bool Judge(HttpResponseMessage response, Stream body, ReadOnlyMemory<byte> head, ExceptionDispatchInfo? fault)
    {
        if (fault is null && (head.Span.IndexOf("stream_options"u8) >= 0 || head.Span.IndexOf("include_usage"u8) >= 0))
        {
            return true;
        }

        response.Content = new WrappedContent(response.Content, new HeadedStream(head, body, fault));
        return false;
    }
}
