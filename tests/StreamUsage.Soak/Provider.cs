using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace StreamUsage.Soak;

/// <summary>The server: one loopback port for HTTP/1.1 and one for HTTP/2 without TLS. <c>GET /N</c> plays the plan of
/// stream N.</summary>
internal sealed class Provider(WebApplication app, StreamRun?[] runs) : IAsyncDisposable
{
    public const string IdHeader = "x-soak-stream";

    private Uri[] _addresses = [];

    public static async Task<Provider> StartAsync(StreamRun?[] runs)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.Limits.MinResponseDataRate = null;
            options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
            options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        var provider = new Provider(builder.Build(), runs);
        await provider.StartAsync();
        return provider;
    }

    public Uri AddressOf(StreamRun run) => new(_addresses[run.Plan.IsHttp2 ? 1 : 0], run.Index.ToString(CultureInfo.InvariantCulture));

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }

    private async Task StartAsync()
    {
        app.Run(PlayAsync);
        await app.StartAsync();
        _addresses = [.. app.Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses.Select(static address => new Uri(address))];
    }

    private async Task PlayAsync(HttpContext context)
    {
        StreamRun run = runs[int.Parse(context.Request.Path.Value.AsSpan(1), CultureInfo.InvariantCulture)]!;
        try
        {
            await PlayAsync(context, run);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has left: nobody waits for the rest.
        }
    }

    private static async Task PlayAsync(HttpContext context, StreamRun run)
    {
        StreamPlan plan = run.Plan;
        CancellationToken left = context.RequestAborted;
        HttpResponse response = context.Response;
        response.StatusCode = plan.StatusCode;
        response.ContentType = plan.Script.Protocol is null ? "text/html" : "text/event-stream";
        response.ContentLength = plan.ContentLength;
        response.Headers[IdHeader] = run.Index.ToString(CultureInfo.InvariantCulture);
        run.Sent = 0;
        await response.StartAsync(left);
        await response.Body.FlushAsync(left); // Starting does not send the headers, and some fates wait for the client to have them.

        var random = new Random(plan.ServerSeed);
        int longestPiece = Math.Max(1, 2 * plan.Cut / plan.Pieces);
        for (int at = 0; at < plan.Cut;)
        {
            int length = Math.Min(random.Next(1, longestPiece + 1), plan.Cut - at);
            run.Sent = at + length;
            await response.Body.WriteAsync(plan.Script.Body.AsMemory(at, length), left);
            await response.Body.FlushAsync(left);
            at += length;
            if (plan.LongestPause > 0)
            {
                await Task.Delay(random.Next(plan.LongestPause), left);
            }
        }

        switch (plan.Fate)
        {
            case Fate.Stall or Fate.Forgotten:
                await Task.Delay(Timeout.Infinite, left);
                break;
            case Fate.ServerResets:
                await run.HasHeaders.Task.WaitAsync(left);
                await Task.Delay(random.Next(3) == 0 ? 0 : random.Next(1, 60), left);
                context.Abort();
                break;
            case Fate.ServerBreaksPromise:
                // Kestrel resets a response that has become shorter than its length.
                await run.HasHeaders.Task.WaitAsync(left);
                break;
        }
    }
}
