using Yarp.ReverseProxy.Forwarder;

namespace Gateway;

/// <summary>Puts tracking around the client of each cluster.</summary>
internal sealed class TrackingClientFactory(UsageTracker tracker) : ForwarderHttpClientFactory
{
    protected override HttpMessageHandler WrapHandler(ForwarderHttpClientContext context, HttpMessageHandler handler) =>
        new UsageTrackingHandler(tracker, base.WrapHandler(context, handler));
}
