using System.Globalization;
using Microsoft.AspNetCore.Http;
using StreamUsage.Tests.Linked;

namespace StreamUsage.Soak;

/// <summary>The server: one loopback port for HTTP/1.1 and one for HTTP/2 without TLS. <c>GET /N</c> plays the plan of
/// stream N.</summary>
internal sealed class Provider : IAsyncDisposable
{
    public const string IdHeader = "x-soak-stream";

    private readonly StreamRun?[] _runs;
    private LoopbackServer _server = null!;

    private Provider(StreamRun?[] runs) => _runs = runs;

    public static async Task<Provider> StartAsync(StreamRun?[] runs)
    {
        var provider = new Provider(runs);
        provider._server = await LoopbackServer.StartAsync(provider.PlayAsync);
        return provider;
    }

    public Uri AddressOf(StreamRun run) =>
        new(run.Plan.IsHttp2 ? _server.Http2Address : _server.Address, run.Index.ToString(CultureInfo.InvariantCulture));

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task PlayAsync(HttpContext context)
    {
        StreamRun run = _runs[int.Parse(context.Request.Path.Value.AsSpan(1), CultureInfo.InvariantCulture)]!;
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
