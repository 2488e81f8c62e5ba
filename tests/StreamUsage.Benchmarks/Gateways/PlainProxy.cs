using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;

namespace StreamUsage.Benchmarks.Gateways;

/// <summary>The same YARP proxy as the gateway, without tracking, keys and budgets, in a process of its own.</summary>
internal static class PlainProxy
{
    public const string Command = "plain-proxy";

    public static async Task RunAsync(string port, string upstream)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, int.Parse(port, CultureInfo.InvariantCulture)));
        var route = new RouteConfig { RouteId = "all", ClusterId = "one", Match = new RouteMatch { Path = "{**path}" } };
        var cluster = new ClusterConfig
        {
            ClusterId = "one",
            Destinations = new Dictionary<string, DestinationConfig> { ["one"] = new() { Address = upstream } },
        };
        builder.Services.AddReverseProxy().LoadFromMemory([route], [cluster]);
        WebApplication app = builder.Build();
        app.MapReverseProxy();
        await app.RunAsync();
    }
}
