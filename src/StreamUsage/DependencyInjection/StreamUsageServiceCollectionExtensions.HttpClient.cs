using StreamUsage;
using StreamUsage.DependencyInjection;

namespace Microsoft.Extensions.DependencyInjection;

/// <content>Adds tracking to an <see cref="IHttpClientBuilder"/>.</content>
public static partial class StreamUsageServiceCollectionExtensions
{
    /// <summary>Tracks the model responses of an HTTP client with a <see cref="UsageTrackingHandler"/>.</summary>
    /// <remarks>Handlers that are added before this call are outer ones: each of their retries has a record. Handlers
    /// that are added after it are inner ones: all their retries share one record.</remarks>
    /// <param name="builder">The client's builder.</param>
    /// <param name="trackerName">The name of the tracker; null for the default one. Without the matching
    /// <c>AddStreamUsage</c>, creating the client throws an <see cref="InvalidOperationException"/>.</param>
    /// <returns>The client's builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static IHttpClientBuilder AddUsageTracking(this IHttpClientBuilder builder, string? trackerName = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddHttpMessageHandler(provider => new UsageTrackingHandler(TrackerFactory.Find(provider, trackerName)));
    }
}
