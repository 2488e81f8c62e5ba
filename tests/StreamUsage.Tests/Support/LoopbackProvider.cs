using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using StreamUsage.Tests.Linked;

namespace StreamUsage.Tests.Support;

/// <summary>Represents a provider on loopback. Each answer is written by the test that asks for it. As a class fixture
/// it serves all tests of the class.</summary>
public sealed class LoopbackProvider : IAsyncLifetime
{
    private readonly ConcurrentDictionary<string, RequestDelegate> _answers = new();
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromMinutes(5) };
    private LoopbackServer _server = null!;
    private int _lastAnswer;

    public async ValueTask InitializeAsync() =>
        _server = await LoopbackServer.StartAsync(context => _answers[context.Request.Path.Value!](context));

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    /// <summary>Asks for an answer and returns it when its headers have come.</summary>
    public Task<HttpResponseMessage> GetAsync(RequestDelegate answer, string httpVersion = "1.1") =>
        SendAsync(answer, httpVersion, HttpCompletionOption.ResponseHeadersRead);

    /// <summary>Returns where an answer is served, for a client of the test's own. The path ends as given.</summary>
    public Uri Serve(RequestDelegate answer, string path)
    {
        path = $"/{Interlocked.Increment(ref _lastAnswer)}{path}";
        _answers[path] = answer;
        return _server.At(path);
    }

    public Task<HttpResponseMessage> SendAsync(RequestDelegate answer, string httpVersion, HttpCompletionOption completion)
    {
        string path = $"/{Interlocked.Increment(ref _lastAnswer)}";
        _answers[path] = answer;
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(httpVersion == "1.1" ? _server.Address : _server.Http2Address, path))
        {
            Version = Version.Parse(httpVersion),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        return _client.SendAsync(request, completion, TestContext.Current.CancellationToken);
    }

    /// <summary>Events in chunks, each sent when it is written, and a proper end.</summary>
    public static RequestDelegate Events(params string[] chunks) => async context =>
    {
        context.Response.ContentType = "text/event-stream";
        foreach (string chunk in chunks)
        {
            await WriteAsync(context, chunk);
        }
    };

    /// <summary>Chunks, and then the connection (HTTP/2: the stream) is reset.</summary>
    public static RequestDelegate EventsThenReset(Task mayReset, params string[] chunks) => async context =>
    {
        await Events(chunks)(context);
        await mayReset;
        context.Abort();
    };

    /// <summary>Chunks, and then nothing until the client leaves.</summary>
    public static RequestDelegate EventsThenStall(params string[] chunks) => async context =>
    {
        await Events(chunks)(context);
        await UntilClientLeavesAsync(context);
    };

    /// <summary>A body that ends before the length that was promised. Over HTTP/2 its end is a reset: a client that has
    /// not taken the headers by then has no response.</summary>
    public static RequestDelegate PrematureEnd(string body, Task? mayEnd = null) => async context =>
    {
        context.Response.ContentLength = body.Length + 100;
        await Events(body)(context);
        await (mayEnd ?? Task.CompletedTask);
    };

    /// <summary>A whole body with its length.</summary>
    public static RequestDelegate Whole(int statusCode, string contentType, string body) => async context =>
    {
        context.Response.StatusCode = statusCode;
        context.Response.ContentType = contentType;
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes);
    };

    public static async Task WriteAsync(HttpContext context, string text)
    {
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text));
        await context.Response.Body.FlushAsync();
    }

    public static async Task UntilClientLeavesAsync(HttpContext context)
    {
        var left = new TaskCompletionSource();
        await using CancellationTokenRegistration registration = context.RequestAborted.Register(left.SetResult);
        await left.Task;
    }
}
