using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Polly;

namespace StreamUsage.ClientTests.Support;

/// <summary>The server, a tracker, and an <see cref="HttpClient"/> for each wiring and HTTP version.</summary>
public sealed class TestBed : IAsyncLifetime
{
    private static readonly TimeSpan NoPause = TimeSpan.FromMilliseconds(1);

    private readonly ConcurrentQueue<UsageRecord> _records = new();
    private readonly ServiceProvider _services;

    public TestBed()
    {
        var services = new ServiceCollection();
        services.AddStreamUsage().AddSink(new CallbackUsageSink((record, _) =>
        {
            _records.Enqueue(record);
            return ValueTask.CompletedTask;
        }));
        foreach (Wiring wiring in Enum.GetValues<Wiring>())
        {
            foreach (Version version in (Version[])[new(1, 1), new(2, 0)])
            {
                IHttpClientBuilder client = services.AddHttpClient(Name(wiring, version)).RemoveAllLoggers();
                client.AddHttpMessageHandler(() => new VersionHandler(version));
                AddHandlers(client, wiring);
            }
        }

        _services = services.BuildServiceProvider();
    }

    public ReplayServer Server { get; } = new();

    public UsageTracker Tracker => _services.GetRequiredService<UsageTracker>();

    public IServiceProvider Services => _services;

    public ValueTask InitializeAsync() => Server.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await Server.DisposeAsync();
    }

    public HttpClient CreateClient(Wiring wiring, Version version) =>
        _services.GetRequiredService<IHttpClientFactory>().CreateClient(Name(wiring, version));

    /// <summary>Returns the records of a request, in the order in which its responses ended.</summary>
    public async Task<UsageRecord[]> RecordsOfAsync(string requestId)
    {
        await Tracker.FlushAsync(TestContext.Current.CancellationToken);
        // The sink is called for several at once.
        return [.. _records.Where(record => record.Context.RequestId == requestId).OrderBy(record => record.StartedAt + record.Duration)];
    }

    private static string Name(Wiring wiring, Version version) => $"{wiring} {version}";

    private static void AddHandlers(IHttpClientBuilder client, Wiring wiring)
    {
        if (wiring is Wiring.Handler or Wiring.OutsideResilience)
        {
            client.AddUsageTracking();
        }

        if (wiring is Wiring.InsideResilience or Wiring.OutsideResilience)
        {
            client.AddStandardResilienceHandler(options =>
            {
                options.Retry.Delay = NoPause;
                options.Retry.BackoffType = DelayBackoffType.Constant;
                options.Retry.UseJitter = false;

                // A busy machine may answer late.
                options.AttemptTimeout.Timeout = TimeSpan.FromMinutes(1);
                options.CircuitBreaker.SamplingDuration = TimeSpan.FromMinutes(2); // Twice that, at least.
                options.TotalRequestTimeout.Timeout = TimeSpan.FromMinutes(5);
            });
        }

        if (wiring is Wiring.InsideResilience)
        {
            client.AddUsageTracking();
        }
    }

    // A client's own requests ask for HTTP/1.1.
    private sealed class VersionHandler(Version version) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            base.SendAsync(WithVersion(request), cancellationToken);

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
            base.Send(WithVersion(request), cancellationToken);

        private HttpRequestMessage WithVersion(HttpRequestMessage request)
        {
            request.Version = version;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            return request;
        }
    }
}
