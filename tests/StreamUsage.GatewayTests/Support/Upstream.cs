using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using StreamUsage.Tests.Linked;

namespace StreamUsage.GatewayTests.Support;

/// <summary>What the upstream says it sent.</summary>
internal sealed record SentAnswer(string Id, string Provider, long Input, long Cached, long Output)
{
    /// <summary>Whether all of it was sent.</summary>
    public bool IsWhole { get; set; }

    /// <summary>The cost in US dollars, by the sample's prices.</summary>
    public decimal Cost => (Provider switch
    {
        "anthropic" => (Input * 3m) + (Cached * 0.3m) + (Output * 15m),
        "openai" => (Input * 1.25m) + (Cached * 0.125m) + (Output * 10m),
        _ => (Input * 0.3m) + (Cached * 0.075m) + (Output * 2.5m),
    }) / 1_000_000;
}

/// <summary>Three providers at one address, which keep what they sent. The header <c>x-pause</c> of a request is the
/// pause between events in milliseconds.</summary>
internal sealed class Upstream : IAsyncDisposable
{
    private const int Words = 12;

    private readonly ConcurrentDictionary<string, SentAnswer> _sent = new();
    private LoopbackServer _server = null!;

    public Uri Address => _server.Address;

    public SentAnswer[] Sent => [.. _sent.ToArray().Select(static pair => pair.Value)];

    /// <summary>The headers of each request.</summary>
    public ConcurrentQueue<Dictionary<string, string>> Headers { get; } = new();

    /// <summary>What the second half of each answer that is asked for from now on waits for.</summary>
    public Task SecondHalf { get; set; } = Task.CompletedTask;

    public static async Task<Upstream> StartAsync()
    {
        var upstream = new Upstream();
        upstream._server = await LoopbackServer.StartAsync(upstream.AnswerAsync);
        return upstream;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static IEnumerable<string> Events(SentAnswer answer, bool asksForUsage) => answer.Provider switch
    {
        "anthropic" => Claude(answer).Select(static item => $"event: {item.Type}\ndata: {JsonSerializer.Serialize(item.Data)}\n\n"),
        "openai" =>
            Chat(answer, asksForUsage).Select(static data => $"data: {JsonSerializer.Serialize(data)}\n\n").Append("data: [DONE]\n\n"),
        _ => Gemini(answer).Select(static data => $"data: {JsonSerializer.Serialize(data)}\n\n"),
    };

    private static IEnumerable<(string Type, object Data)> Claude(SentAnswer answer)
    {
        yield return Of("message_start", new
        {
            type = "message_start",
            message = new
            {
                id = answer.Id,
                type = "message",
                role = "assistant",
                model = "claude-demo-1",
                content = Array.Empty<object>(),
                usage = new { input_tokens = answer.Input, cache_read_input_tokens = answer.Cached, output_tokens = 1 },
            },
        });
        yield return Of(
            "content_block_start", new { type = "content_block_start", index = 0, content_block = new { type = "text", text = "" } });
        for (int i = 0; i < Words; i++)
        {
            yield return Of("content_block_delta",
                new { type = "content_block_delta", index = 0, delta = new { type = "text_delta", text = "word " } });
        }

        yield return Of("content_block_stop", new { type = "content_block_stop", index = 0 });
        yield return Of("message_delta", new
        {
            type = "message_delta",
            delta = new { stop_reason = "end_turn" },
            usage = new { output_tokens = answer.Output },
        });
        yield return Of("message_stop", new { type = "message_stop" });

        static (string Type, object Data) Of(string type, object data) => (type, data);
    }

    private static IEnumerable<object> Chat(SentAnswer answer, bool asksForUsage)
    {
        for (int i = 0; i < Words; i++)
        {
            yield return Chunk(new { index = 0, delta = new { content = "word " }, finish_reason = (string?)null });
        }

        yield return Chunk(new { index = 0, delta = new { }, finish_reason = "stop" });
        if (asksForUsage)
        {
            yield return new
            {
                id = answer.Id,
                @object = "chat.completion.chunk",
                created = 1,
                model = "gpt-demo-1",
                choices = Array.Empty<object>(),
                usage = new
                {
                    prompt_tokens = answer.Input + answer.Cached,
                    completion_tokens = answer.Output,
                    total_tokens = answer.Input + answer.Cached + answer.Output,
                    prompt_tokens_details = new { cached_tokens = answer.Cached },
                },
            };
        }

        object Chunk(object choice) => new
        {
            id = answer.Id,
            @object = "chat.completion.chunk",
            created = 1,
            model = "gpt-demo-1",
            choices = new[] { choice },
        };
    }

    private static IEnumerable<object> Gemini(SentAnswer answer)
    {
        for (int i = 0; i < Words; i++)
        {
            yield return Part(null, null);
        }

        yield return Part("STOP", new
        {
            promptTokenCount = answer.Input + answer.Cached,
            candidatesTokenCount = answer.Output,
            totalTokenCount = answer.Input + answer.Cached + answer.Output,
            cachedContentTokenCount = answer.Cached,
        });

        object Part(string? finishReason, object? usage) => new
        {
            candidates = new[]
            {
                new { content = new { parts = new[] { new { text = "word " } }, role = "model" }, finishReason, index = 0 },
            },
            usageMetadata = usage,
            modelVersion = "gemini-demo-1",
            responseId = answer.Id,
        };
    }

    private async Task AnswerAsync(HttpContext http)
    {
        Task secondHalf = SecondHalf;
        Headers.Enqueue(http.Request.Headers.ToDictionary(static header => header.Key, static header => header.Value.ToString()));
        using var body = new StreamReader(http.Request.Body);
        string request = await body.ReadToEndAsync();
        string provider =
            http.Request.Path.Value switch { "/v1/messages" => "anthropic", "/v1/chat/completions" => "openai", _ => "google" };
        var answer = new SentAnswer(
            Guid.NewGuid().ToString("N"),
            provider, Random.Shared.Next(1, 5_000), Random.Shared.Next(3) * 1_024, Random.Shared.Next(1, 3_000));
        _sent[answer.Id] = answer;
        int pause = int.TryParse(http.Request.Headers["x-pause"], out int asked) ? asked : 5;
        string[] events = [.. Events(answer, request.Contains("include_usage"))];
        http.Response.ContentType = "text/event-stream";
        for (int i = 0; i < events.Length; i++)
        {
            if (i == events.Length / 2)
            {
                await secondHalf.WaitAsync(http.RequestAborted);
            }

            await http.Response.WriteAsync(events[i], http.RequestAborted);
            await Task.Delay(pause, http.RequestAborted);
        }

        answer.IsWhole = true;
    }
}
