using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace StreamUsage.ClientTests.Support;

/// <summary>A YARP proxy in front of a provider, on loopback, with or without tracking. The header <c>x-request-id</c>
/// is the record's request id.</summary>
internal sealed class TrackingProxy : IAsyncDisposable
{
    private readonly WebApplication _proxy;

    private TrackingProxy(WebApplication proxy) => _proxy = proxy;

    public Uri Address => new(_proxy.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public static async Task<TrackingProxy> StartAsync(Uri provider, Version version, UsageTracker? tracker)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(
            options => options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1));
        var cluster = new ClusterConfig
        {
            ClusterId = "models",
            Destinations = new Dictionary<string, DestinationConfig> { ["one"] = new() { Address = provider.ToString() } },
            HttpRequest = new ForwarderRequestConfig { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact },
        };
        var route = new RouteConfig { RouteId = "all", ClusterId = "models", Match = new RouteMatch { Path = "{**path}" } };
        builder.Services.AddReverseProxy().LoadFromMemory([route], [cluster]);
        if (tracker is not null)
        {
            builder.Services.AddSingleton(tracker);
            builder.Services.AddSingleton<IForwarderHttpClientFactory, TrackingClientFactory>();
        }

        WebApplication proxy = builder.Build();
        proxy.Use(async (context, next) =>
        {
            using (UsageScope.Begin(new UsageContext { RequestId = context.Request.Headers["x-request-id"] }))
            {
                await next();
            }
        });
        proxy.MapReverseProxy();
        await proxy.StartAsync();
        return new TrackingProxy(proxy);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.StopAsync(new CancellationToken(canceled: true));
        await _proxy.DisposeAsync();
    }

    private sealed class TrackingClientFactory(UsageTracker tracker) : ForwarderHttpClientFactory
    {
        protected override HttpMessageHandler WrapHandler(ForwarderHttpClientContext context, HttpMessageHandler handler) =>
            new UsageTrackingHandler(tracker, base.WrapHandler(context, handler));
    }
}
