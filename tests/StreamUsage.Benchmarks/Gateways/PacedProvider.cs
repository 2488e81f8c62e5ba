using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using StreamUsage.Tests.Linked;

namespace StreamUsage.Benchmarks.Gateways;

/// <summary>A provider whose text deltas say when they were written.</summary>
internal sealed class PacedProvider : IAsyncDisposable
{
    private readonly int _events;
    private readonly int _pause;
    private LoopbackServer _server = null!;

    private PacedProvider(int events, int pause)
    {
        _events = events;
        _pause = pause;
    }

    public string Address => _server.Address.ToString();

    public static async Task<PacedProvider> StartAsync(int events, int pause)
    {
        var provider = new PacedProvider(events, pause);
        provider._server = await LoopbackServer.StartAsync(provider.AnswerAsync);
        return provider;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        await http.Request.Body.CopyToAsync(Stream.Null);
        http.Response.ContentType = "text/event-stream";
        await SendAsync(http, "message_start",
            """
            {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-demo-1","content":[],
            "usage":{"input_tokens":1200,"cache_read_input_tokens":0,"output_tokens":1}}}
            """);
        await SendAsync(http, "content_block_start",
            """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""");
        for (int i = 0; i < _events; i++)
        {
            await Task.Delay(_pause);
            string written = Stopwatch.GetTimestamp().ToString(CultureInfo.InvariantCulture);
            await SendAsync(http, "content_block_delta",
                $$$"""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"@{{{written}}} "}}""");
        }

        await SendAsync(http, "content_block_stop", """{"type":"content_block_stop","index":0}""");
        await SendAsync(http, "message_delta",
            """{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":350}}""");
        await SendAsync(http, "message_stop", """{"type":"message_stop"}""");
    }

    private static Task SendAsync(HttpContext http, string type, string data) =>
        http.Response.WriteAsync($"event: {type}\ndata: {data.ReplaceLineEndings("")}\n\n");
}
