using System.Net;

namespace StreamUsage.Benchmarks.Streams;

/// <summary>Responses as a provider's front sends them.</summary>
internal static class Responses
{
    private static readonly (string Name, string Value)[] Headers =
    [
        ("Date", "Thu, 12 Feb 2026 22:04:52 GMT"), ("Connection", "keep-alive"), ("Cache-Control", "no-cache"), ("Server", "cloudflare"),
        ("request-id", "req_011CXkVtWbLqyMTUKFQ5vTTo"), ("anthropic-organization-id", "7a4b6c1e-32a5-4f6e-9d24-0f7b8f0c7c11"),
        ("anthropic-ratelimit-requests-limit", "4000"), ("anthropic-ratelimit-requests-remaining", "3999"),
        ("anthropic-ratelimit-requests-reset", "2026-02-12T22:04:51Z"),
        ("anthropic-ratelimit-tokens-limit", "2400000"), ("anthropic-ratelimit-tokens-remaining", "2398000"),
        ("anthropic-ratelimit-tokens-reset", "2026-02-12T22:04:51Z"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"), ("X-Robots-Tag", "none"),
        ("cf-cache-status", "DYNAMIC"), ("CF-RAY", "9cd0f2b3ae2fd6a0-FRA"),
    ];

    public static HttpResponseMessage Create(Stream body)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(body) };
        response.Content.Headers.TryAddWithoutValidation("Content-Type", "text/event-stream; charset=utf-8");
        foreach ((string name, string value) in Headers)
        {
            response.Headers.TryAddWithoutValidation(name, value);
        }

        return response;
    }
}
