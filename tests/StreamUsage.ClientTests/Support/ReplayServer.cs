using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Http;
using StreamUsage.Tests.Linked;

namespace StreamUsage.ClientTests.Support;

/// <summary>A provider on loopback: one port for HTTP/1.1 and one for HTTP/2 without TLS. Each exchange has a path of
/// its own, below which every request gets the exchange's next answer; the last one is repeated.</summary>
public sealed class ReplayServer : IAsyncLifetime
{
    private readonly ConcurrentDictionary<string, Exchange> _exchanges = new();
    private LoopbackServer _server = null!;
    private int _lastExchange;

    public async ValueTask InitializeAsync() => _server = await LoopbackServer.StartAsync(AnswerAsync);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>Opens an exchange and returns its address, which ends with a slash.</summary>
    public Uri Open(Version version, params Answer[] answers)
    {
        string id = $"x{Interlocked.Increment(ref _lastExchange)}";
        _exchanges[id] = new Exchange(answers);
        return new Uri(version.Major == 1 ? _server.Address : _server.Http2Address, $"/{id}/");
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Answer answer = _exchanges[context.Request.Path.Value!.Split('/')[1]].Next();
        await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        context.Response.StatusCode = answer.StatusCode;
        context.Response.ContentType = answer.ContentType;
        context.Response.Headers["x-request-id"] = "req-1";
        foreach (ReadOnlyMemory<byte> piece in answer.Pieces)
        {
            await context.Response.Body.WriteAsync(piece, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }

        if (answer.Stalls)
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    private sealed class Exchange(Answer[] answers)
    {
        private int _next = -1;

        public Answer Next() => answers[Math.Min(Interlocked.Increment(ref _next), answers.Length - 1)];
    }
}

/// <summary>An answer of the server, sent event by event.</summary>
public sealed record Answer(byte[] Body, string ContentType)
{
    public int StatusCode { get; init; } = 200;

    /// <summary>Whether nothing follows the body, and the response does not end either.</summary>
    public bool Stalls { get; init; }

    public IEnumerable<ReadOnlyMemory<byte>> Pieces
    {
        get
        {
            int start = 0;
            while (start < Body.Length)
            {
                int end = Body.AsSpan(start).IndexOf("\n\n"u8);
                int length = end < 0 ? Body.Length - start : end + 2;
                yield return Body.AsMemory(start, length);
                start += length;
            }
        }
    }

    public static Answer Fixture(string name) => Of(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", name)), name);

    public static Answer Of(byte[] body, string name) =>
        new(body, name.EndsWith(".sse", StringComparison.Ordinal) ? "text/event-stream" : "application/json");

    public static Answer Error(int statusCode)
    {
        const string Body = """{"error":{"type":"server_error","message":"Try again.","code":null,"param":null}}""";
        return new Answer(Encoding.UTF8.GetBytes(Body), "application/json") { StatusCode = statusCode };
    }
}
