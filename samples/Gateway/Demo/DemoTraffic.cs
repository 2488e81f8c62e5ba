using System.Net.Http.Headers;

namespace Gateway.Demo;

/// <summary>Callers that ask the gateway all the time. Some leave before their answer has ended.</summary>
internal sealed class DemoTraffic(GatewayOptions options, IConfiguration settings, IHostApplicationLifetime host) : BackgroundService
{
    private static readonly (string Path, string Model)[] Questions =
    [
        ("v1/messages", "claude-demo-1"),
        ("v1/chat/completions", "gpt-demo-1"), ("v1beta/models/gemini-demo-1:streamGenerateContent?alt=sse", "gemini-demo-1"),
    ];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Delay(Timeout.Infinite, host.ApplicationStarted).ContinueWith(static _ => { }, CancellationToken.None);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => AskAsync(stoppingToken)));
    }

    private async Task AskAsync(CancellationToken stoppingToken)
    {
        using var http = new HttpClient { BaseAddress = new Uri(settings["Kestrel:Endpoints:Proxy:Url"]!) };
        while (!stoppingToken.IsCancellationRequested)
        {
            (string path, string model) = Random.Shared.GetItems(Questions, 1)[0];
            using var request = new HttpRequestMessage(HttpMethod.Post, path);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Random.Shared.GetItems(options.Keys, 1)[0].Secret);
            request.Content = JsonContent.Create(new
            {
                model,
                stream = true,
                max_tokens = 1_000,
                messages = new[] { new { role = "user", content = "Why is the sky blue?" } },
            });
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            patience.CancelAfter(TimeSpan.FromSeconds(Random.Shared.Next(2, 20)));
            try
            {
                using HttpResponseMessage response =
                    await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
                await response.Content.CopyToAsync(Stream.Null, patience.Token);
                await Task.Delay(500, stoppingToken);
            }
            catch (Exception left) when (left is OperationCanceledException or HttpRequestException)
            {
            }
        }
    }
}
