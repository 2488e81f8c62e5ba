using System.Net;
using StreamUsage.Http;

namespace StreamUsage;

/// <summary>Tracks the usage of an HTTP response.</summary>
public static class HttpResponseMessageExtensions
{
    /// <summary>Tracks a response with the sink's default tracker, <see cref="UsageTracker.For"/>.</summary>
    /// <param name="response">The response to track.</param>
    /// <param name="sink">Receives the record.</param>
    /// <param name="context">The context of the request.</param>
    /// <returns>The live handle.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static UsageTracking TrackUsage(this HttpResponseMessage response, IUsageSink sink, UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(response);
        ArgumentNullException.ThrowIfNull(sink);
        ArgumentNullException.ThrowIfNull(context);
        return response.TrackUsage(UsageTracker.For(sink), context);
    }

    /// <summary>Replaces the response's content with one that passes every byte through and tracks the usage. Performs
    /// no I/O. Headers, status, version and trailers stay the same.</summary>
    /// <remarks>A response that this tracker already tracks keeps its handle. If another tracker with the same sinks
    /// tracks it, that handle is returned, and one warning is logged. The empty members of the record's context are
    /// filled in from <paramref name="context"/>. A response with status 101 (Switching Protocols) is not tracked, and
    /// its handle is cancelled.</remarks>
    /// <param name="response">The response to track, best received with
    /// <see cref="HttpCompletionOption.ResponseHeadersRead"/>.</param>
    /// <param name="tracker">The tracker.</param>
    /// <param name="context">The context of the request.</param>
    /// <returns>The live handle.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
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

        return tracker.Track(response, context, request);
    }
}
