using System.Net;

namespace StreamUsage;

/// <summary>The one call that tracks a response.</summary>
public static class HttpResponseMessageExtensions
{
    /// <summary>
    /// Tracks a response with the sink's default tracker, <see cref="UsageTracker.For"/>. See <see cref="TrackUsage(HttpResponseMessage, UsageTracker, UsageContext)"/>.
    /// </summary>
    /// <param name="response">The response to track.</param>
    /// <param name="sink">Where its record goes.</param>
    /// <param name="context">What the caller says about the request.</param>
    /// <returns>The live handle.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static UsageTracking TrackUsage(this HttpResponseMessage response, IUsageSink sink, UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(response);
        ArgumentNullException.ThrowIfNull(sink);
        ArgumentNullException.ThrowIfNull(context);
        return response.TrackUsage(UsageTracker.For(sink), context);
    }

    /// <summary>
    /// Swaps the response's content for one that passes every byte on as it comes and tracks the usage in it. Headers, status, version, trailers and bytes stay as they were;
    /// the original content is disposed with the new one. Performs no I/O. A response that this tracker tracks already keeps its handle. A response with status 101
    /// (switching protocols) is left as it is, and its handle is cancelled.
    /// </summary>
    /// <param name="response">The response to track, best received with <see cref="HttpCompletionOption.ResponseHeadersRead"/>.</param>
    /// <param name="tracker">The tracker.</param>
    /// <param name="context">What the caller says about the request.</param>
    /// <returns>The live handle.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static UsageTracking TrackUsage(this HttpResponseMessage response, UsageTracker tracker, UsageContext context)
    {
        ArgumentNullException.ThrowIfNull(response);
        ArgumentNullException.ThrowIfNull(tracker);
        ArgumentNullException.ThrowIfNull(context);
        return response.TrackUsage(tracker, context, context.RequestBody.Length);
    }

    /// <summary>As <see cref="TrackUsage(HttpResponseMessage, UsageTracker, UsageContext)"/>, of a request whose body may be too large to be in the context.</summary>
    internal static UsageTracking TrackUsage(this HttpResponseMessage response, UsageTracker tracker, UsageContext context, long requestBodyLength) =>
        response.StatusCode == HttpStatusCode.SwitchingProtocols ? UsageTracking.Untracked : tracker.Track(response, context, requestBodyLength);
}
