using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace StreamUsage.Tests.Linked;

/// <summary>Represents Kestrel on two free loopback ports, one for HTTP/1.1 and one for HTTP/2 without TLS.</summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    // Room for tests that open thousands of streams at once.
    private const int MaxStreams = 4096;

    private readonly WebApplication _application;
    private readonly Uri[] _addresses;

    private LoopbackServer(WebApplication application)
    {
        _application = application;
        _addresses = [.. application.Urls.Select(static address => new Uri(address))];
    }

    public Uri Address => _addresses[0];

    public Uri Http2Address => _addresses[1];

    public static async Task<LoopbackServer> StartAsync(RequestDelegate answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear(); // Another application's settings may lie beside the tests.
        builder.Logging.ClearProviders();
        builder.WebHost.UseSockets(static sockets => sockets.Backlog = MaxStreams);
        builder.WebHost.ConfigureKestrel(static kestrel =>
        {
            kestrel.Limits.MinRequestBodyDataRate = null; // A busy machine may be slower.
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.MaxStreamsPerConnection = MaxStreams;
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2);
        });
        WebApplication application = builder.Build();
        application.Run(answer);
        await application.StartAsync();
        return new LoopbackServer(application);
    }

    public Uri At(string path) => new(Address, path);

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync(new CancellationToken(canceled: true));
        await _application.DisposeAsync();
    }
}
