using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace QuickStart;

/// <summary>A model provider on a free loopback port. It answers <c>POST /?answer=NAME</c> with the answer of that
/// name, in chunks of random length at random times.</summary>
internal sealed class ReplayProvider : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly int _largestChunk;
    private readonly int _longestPause;

    private ReplayProvider(WebApplication app, int largestChunk, int longestPause)
    {
        _app = app;
        _largestChunk = largestChunk;
        _longestPause = longestPause;
    }

    public Uri Address => new(_app.Urls.Single());

    /// <param name="answers">What there is to answer.</param>
    /// <param name="largestChunk">The largest chunk, in bytes.</param>
    /// <param name="longestPause">The longest pause after a chunk, in milliseconds.</param>
    public static async Task<ReplayProvider> StartAsync(IReadOnlyList<Answer> answers, int largestChunk, int longestPause)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();

        var provider = new ReplayProvider(app, largestChunk, longestPause);
        Dictionary<string, Answer> byName = answers.ToDictionary(answer => answer.Name);
        app.Run(context => provider.ReplayAsync(context, byName[context.Request.Query["answer"].ToString()]));
        await app.StartAsync();
        return provider;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ReplayAsync(HttpContext context, Answer answer)
    {
        await context.Request.Body.CopyToAsync(Stream.Null);
        HttpResponse response = context.Response;
        response.StatusCode = answer.StatusCode;
        response.ContentType = answer.ContentType;
        if (answer.BreaksOff)
        {
            // The server closes the connection when less than this was written.
            response.ContentLength = 2 * answer.Body.Length;
        }

        for (int sent = 0; sent < answer.Body.Length;)
        {
            int length = Math.Min(Random.Shared.Next(1, _largestChunk + 1), answer.Body.Length - sent);
            await response.Body.WriteAsync(answer.Body.AsMemory(sent, length));
            await response.Body.FlushAsync();
            sent += length;
            if (_longestPause > 0)
            {
                await Task.Delay(Random.Shared.Next(_longestPause + 1));
            }
        }
    }
}
