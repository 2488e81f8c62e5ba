using System.Net;
using Microsoft.Extensions.DependencyInjection;
using StreamUsage.Tests.Linked;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.DependencyInjection;

/// <summary>Tracking in one line on an HTTP client's builder.</summary>
public sealed class AddUsageTrackingTests
{
    private readonly RecordingSink _sink = new();
    private readonly ServiceCollection _services = new();

    [Fact]
    public async Task One_line_tracks_the_clients_responses()
    {
        await using LoopbackServer server = await LoopbackServer.StartAsync(LoopbackProvider.Events(Answers.Claude));
        _services.AddStreamUsage().AddSink(_sink);
        _services.AddHttpClient("models").AddUsageTracking();
        await using ServiceProvider provider = _services.BuildServiceProvider(validateScopes: true);

        await CallAsync(provider, server.At("v1/messages"));
        await provider.GetRequiredService<UsageTracker>().DisposeAsync();

        _sink.Records.Should().ContainSingle().Which.Usage.OutputTokens.Should().Be(15);
    }

    [Fact]
    public async Task A_name_chooses_the_tracker()
    {
        await using LoopbackServer server = await LoopbackServer.StartAsync(LoopbackProvider.Events(Answers.Claude));
        var others = new RecordingSink();
        _services.AddStreamUsage().AddSink(others);
        _services.AddStreamUsage("billing").AddSink(_sink);
        _services.AddHttpClient("models").AddUsageTracking("billing");
        await using ServiceProvider provider = _services.BuildServiceProvider(validateScopes: true);

        await CallAsync(provider, server.At("v1/messages"));
        await provider.GetRequiredKeyedService<UsageTracker>("billing").DisposeAsync();

        _sink.Records.Should().ContainSingle();
        others.Records.Should().BeEmpty();
    }

    [Theory]
    [InlineData(null, "services.AddStreamUsage()")]
    [InlineData("billing", "services.AddStreamUsage(\"billing\")")]
    public void Without_a_tracker_creating_the_client_says_what_is_missing(string? name, string missing)
    {
        _services.AddHttpClient("models").AddUsageTracking(name);
        using ServiceProvider provider = _services.BuildServiceProvider();
        IHttpClientFactory factory = provider.GetRequiredService<IHttpClientFactory>();

        factory.Invoking(f => f.CreateClient("models")).Should().Throw<InvalidOperationException>().WithMessage($"*{missing}*");
    }

    [Fact]
    public async Task A_handler_that_was_added_before_it_is_outside()
    {
        _services.AddStreamUsage().AddSink(_sink);
        _services.AddHttpClient("models")
            .AddHttpMessageHandler(() => new Twice())
            .AddUsageTracking()
            .ConfigurePrimaryHttpMessageHandler(() => new Answering());
        await using ServiceProvider provider = _services.BuildServiceProvider();

        await CallAsync(provider, new Uri("https://host/v1/messages"));
        await provider.GetRequiredService<UsageTracker>().DisposeAsync();

        _sink.Records.Select(record => record.Context.AttemptId).Should().HaveCount(2).And.OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task A_handler_type_that_is_registered_does_not_become_the_inner_handler()
    {
        _services.AddStreamUsage().AddSink(_sink);
        _services.AddTransient<HttpMessageHandler, Answering>();
        _services.AddHttpClient("models").AddHttpMessageHandler<UsageTrackingHandler>()
            .ConfigurePrimaryHttpMessageHandler(() => new Answering());
        await using ServiceProvider provider = _services.BuildServiceProvider();

        await CallAsync(provider, new Uri("https://host/v1/messages"));
        await provider.GetRequiredService<UsageTracker>().DisposeAsync();

        _sink.Records.Should().ContainSingle();
    }

    private static async Task CallAsync(ServiceProvider provider, Uri uri)
    {
        using HttpClient client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("models");
        using HttpResponseMessage response = await client.PostAsync(uri, new StringContent("{}"), TestContext.Current.CancellationToken);
        response.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    private sealed class Twice : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            (await base.SendAsync(request, cancellationToken)).Dispose();
            return await base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class Answering : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage { Content = new StringContent(Answers.Claude) });
    }
}
