using System.Security.Cryptography;
using System.Text;

namespace Gateway;

/// <summary>A step of the proxy: finds who asks, and whether the budget of the key allows it.</summary>
internal sealed class Door(GatewayOptions options, Budgets budgets, UsageTracker tracker)
{
    // Found by its hash, so that the time that it takes says nothing about a secret.
    private readonly Dictionary<string, ApiKey> _keys = options.Keys.ToDictionary(static key => Hash(key.Secret));

    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (TakeSecret(http.Request) is not { } secret || !_keys.TryGetValue(Hash(secret), out ApiKey? key))
        {
            await RejectAsync(http, 401, "authentication_error", "The API key is missing or unknown.");
            return;
        }

        using var request = new HttpRequestMessage(new HttpMethod(http.Request.Method), $"http://gateway{http.Request.Path}");
        if (!UsageTrackingHandler.IsModelRequest(request))
        {
            await next(http);
            return;
        }

        string requestId = Guid.CreateVersion7().ToString();
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        var admission = new Admission(new UsageContext
        {
            RequestId = requestId,
            UserId = key.UserId,
            ApiKeyId = key.Id,
            Provider = http.GetReverseProxyFeature().Cluster.Config.ClusterId,
            Model = http.GetRouteValue("model") as string,
            RequestStartedAt = now,
            RequestBody = await BufferBodyAsync(http),
        });
        UsageQuote quote = tracker.Quote(admission.Context);
        decimal worst = quote.MaxCost ?? quote.InputCost ?? 0;
        if (budgets.Reserve(key, requestId, worst) is var wait && wait > TimeSpan.Zero)
        {
            http.Response.Headers.RetryAfter = $"{(long)wait.TotalSeconds + 1}";
            http.Response.Headers["x-should-retry"] = wait < TimeSpan.FromMinutes(1) ? "true" : "false";
            await RejectAsync(http, 429, "budget_exceeded",
                $"This request may cost {worst:0.######} US dollars: more than is left today of the budget of the key {key.Id}.");
            return;
        }

        http.Items[typeof(Admission)] = admission;
        try
        {
            await next(http);
        }
        finally
        {
            // What was sent is settled by its record.
            if (!admission.IsSent)
            {
                budgets.Settle(key.Id, requestId, now, 0);
            }
        }
    }

    // Where the clients of the three providers put a key. It goes no further; the route adds the provider's.
    private static string? TakeSecret(HttpRequest request)
    {
        string? secret = new[] { "x-api-key", "x-goog-api-key", "Authorization" }.Select(name => (string?)request.Headers[name])
            .Append((string?)request.Query["key"]).FirstOrDefault(static value => value is not null)?.Split(' ')[^1];
        request.Headers.Remove("x-api-key");
        request.Headers.Remove("x-goog-api-key");
        request.Headers.Remove("Authorization");
        return secret;
    }

    private static async Task<ReadOnlyMemory<byte>> BufferBodyAsync(HttpContext http)
    {
        var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        body.Position = 0;
        http.Request.Body = body;
        http.Request.ContentLength = body.Length;
        http.Request.Headers.Remove("Transfer-Encoding");
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    // One shape that the clients of the three providers understand.
    private static Task RejectAsync(HttpContext http, int statusCode, string code, string message)
    {
        http.Response.StatusCode = statusCode;
        return http.Response.WriteAsJsonAsync(new { type = "error", error = new { type = code, code, message } });
    }

    private static string Hash(string secret) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}

/// <summary>A request that may pass.</summary>
internal sealed record Admission(UsageContext Context)
{
    /// <summary>Whether the tracking handler gets it next.</summary>
    public bool IsSent { get; set; }
}
