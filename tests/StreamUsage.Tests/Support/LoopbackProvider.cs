using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace StreamUsage.Tests.Support;

/// <summary>
/// A provider on free loopback ports: Kestrel, one port for HTTP/1.1 and one for HTTP/2 without TLS. Each answer is
/// written by the test that asks for it. As a class fixture it serves all tests of the class.
/// </summary>
public sealed class LoopbackProvider : IAsyncLifetime
{
    // Tests that open thousands of streams at once find room: in the queue of those that connect, and on one HTTP/2
    // connection.
    private const int MaxStreams = 4096;

    private readonly ConcurrentDictionary<string, RequestDelegate> _answers = new();
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(60) };
    private WebApplication? _server;
    private Uri[] _addresses = [];
    private int _lastAnswer;

    public async ValueTask InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseSockets(options => options.Backlog = MaxStreams);
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.Limits.Http2.MaxStreamsPerConnection = MaxStreams;
            options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
            options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        _server = builder.Build();
        _server.Run(context => _answers[context.Request.Path.Value!](context));
        await _server.StartAsync();
        _addresses = [.. _server.Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address))];
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_server is not null)
        {
            await _server.StopAsync(new CancellationToken(canceled: true));
            await _server.DisposeAsync();
        }
    }

    /// <summary>Asks for an answer and returns it when its headers have come.</summary>
    public Task<HttpResponseMessage> GetAsync(RequestDelegate answer, string httpVersion = "1.1") =>
        SendAsync(answer, httpVersion, HttpCompletionOption.ResponseHeadersRead);

    /// <summary>Returns where an answer is served, for a client of the test's own. The path ends as given.</summary>
    public Uri Serve(RequestDelegate answer, string path)
    {
        path = $"/{Interlocked.Increment(ref _lastAnswer)}{path}";
        _answers[path] = answer;
        return new Uri(_addresses[0], path);
    }

    public Task<HttpResponseMessage> SendAsync(RequestDelegate answer, string httpVersion, HttpCompletionOption completion)
    {
        string path = $"/{Interlocked.Increment(ref _lastAnswer)}";
        _answers[path] = answer;
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_addresses[httpVersion == "1.1" ? 0 : 1], path))
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

    /// <summary>A body that ends before the length that was promised.</summary>
    public static RequestDelegate PrematureEnd(string body) => async context =>
    {
        context.Response.ContentLength = body.Length + 100;
        await Events(body)(context);
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
