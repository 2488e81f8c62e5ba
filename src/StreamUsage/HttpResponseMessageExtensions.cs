using System.Net;
using StreamUsage.Http;

namespace StreamUsage;

/// <summary>Tracks the usage of an HTTP response.</summary>
public static class HttpResponseMessageExtensions
{
    /// <summary>Tracks a response with the sink's default tracker, <see cref="UsageTracker.For"/>. Create one sink and
    /// keep it: each sink instance has a tracker of its own. For the rest, see the other overload.</summary>
    /// <param name="response">The response to track.</param>
    /// <param name="sink">Receives the record.</param>
    /// <param name="context">The context of the request.</param>
    /// <returns>The live handle.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ObjectDisposedException">The response is disposed, and was not tracked before.</exception>
    public static UsageTracking TrackUsage(this HttpResponseMessage response, IUsageSink sink, UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(response);
        ArgumentNullException.ThrowIfNull(sink);
        ArgumentNullException.ThrowIfNull(context);
        return response.TrackUsage(UsageTracker.For(sink), context);
    }

    /// <summary>Replaces the response's content with one that passes every byte through and tracks the usage. Performs
    /// no I/O. Headers, status, version and trailers stay the same.</summary>
    /// <remarks>
    /// <para>A response has one record for the same sinks. If this tracker, or another one with the same sinks, already
    /// tracks it, that handle is returned. Unless the body has ended, the empty members of its context are filled in
    /// from <paramref name="context"/>. For another tracker, one warning is logged.</para>
    /// <para>A stream that was taken from the content before this call is not tracked.</para>
    /// <para>A response with status 101 (Switching Protocols) is not tracked. The tasks of its handle are
    /// canceled.</para>
    /// </remarks>
    /// <param name="response">The response to track, best received with
    /// <see cref="HttpCompletionOption.ResponseHeadersRead"/>.</param>
    /// <param name="tracker">The tracker.</param>
    /// <param name="context">The context of the request.</param>
    /// <returns>The live handle.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ObjectDisposedException">The response is disposed, and was not tracked before.</exception>
    public static UsageTracking TrackUsage(this HttpResponseMessage response, UsageTracker tracker, UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(response);
        ArgumentNullException.ThrowIfNull(tracker);
        ArgumentNullException.ThrowIfNull(context);
        return response.TrackUsage(tracker, context, new SentRequest(context.RequestBody.Length));
    }

    internal static UsageTracking TrackUsage(
        this HttpResponseMessage response, UsageTracker tracker, UsageContext context, in SentRequest request)
    {
        if (response.StatusCode == HttpStatusCode.SwitchingProtocols)
        {
            request.BodyCopy?.Dispose();
            return UsageTracking.Untracked;
        }

        return tracker.Responses.Track(response, context, request);
    }
}
