using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace StreamUsage.GatewayTests.Support;

/// <summary>Requests as callers of the three providers send them.</summary>
internal static class Questions
{
    public static readonly string[] Providers = ["anthropic", "openai", "google"];

    public static HttpRequestMessage Create(Uri gateway, string provider, string secret = "demo-alice", int pause = 5, int maxTokens = 100)
    {
        object message = new { role = "user", content = "Why is the sky blue?" };
        (string path, object body) = provider switch
        {
            "anthropic" =>
                ("v1/messages", new { model = "claude-demo-1", max_tokens = maxTokens, stream = true, messages = new[] { message } }),
            "openai" => ("v1/chat/completions", (object)new
            {
                model = "gpt-demo-1",
                max_tokens = maxTokens,
                stream = true,
                messages = new[] { message },
            }),
            _ => ("v1beta/models/gemini-demo-1:streamGenerateContent?alt=sse", new
            {
                contents = new[] { new { role = "user", parts = new[] { new { text = "Why is the sky blue?" } } } },
                generationConfig = new { maxOutputTokens = maxTokens },
            }),
        };
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway, path)) { Content = JsonContent.Create(body) };
        request.Headers.Add("x-pause", $"{pause}");
        switch (provider)
        {
            case "anthropic":
                request.Headers.Add("x-api-key", secret);
                break;
            case "openai":
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
                break;
            default:
                request.Headers.Add("x-goog-api-key", secret);
                break;
        }

        return request;
    }
}
