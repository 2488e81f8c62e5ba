using System.Net;
using System.Net.Sockets;
using System.Text;
using StreamUsage.Estimation;
using StreamUsage.Tests.Linked;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Http;

/// <summary>Requests that get no response have a record, and attempts can be told apart.</summary>
public sealed class FailedRequestTests
{
    // Larger than what the budget does not count.
    private static readonly string Request =
        $$$"""{"model":"claude-x","messages":[{"role":"user","content":"{{{new string('x', 20_000)}}}"}]}""";

    private readonly RecordingSink _sink = new();

    [Fact]
    public async Task A_refused_connection_is_502_and_costs_nothing()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        UsageRecord record = await FailAsync(new SocketsHttpHandler(), new Uri($"http://127.0.0.1:{port}/v1/messages"));

        record.Should().Match<UsageRecord>(r =>
            r.Outcome == StreamOutcome.NoResponse && r.Status == UsageStatus.Failed && r.StatusCode == 502 && r.HttpStatusCode == null);
        (record.Usage, record.InputSource).Should().Be((default, TokenSource.None));
    }

    [Fact]
    public async Task A_caller_who_cancels_a_sent_request_is_499_and_its_input_is_estimated()
    {
        using var cancelled = new CancellationTokenSource();
        await using LoopbackServer server = await LoopbackServer.StartAsync(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            await cancelled.CancelAsync();
            await LoopbackProvider.UntilClientLeavesAsync(context);
        });

        UsageRecord record = await FailAsync(new SocketsHttpHandler(), server.At("v1/messages"), cancelled.Token);

        (record.Outcome, record.Status, record.StatusCode).Should().Be((StreamOutcome.NoResponse, UsageStatus.Cancelled, 499));
        (record.InputSource, record.Usage.InputTokens).Should().Be((TokenSource.Estimated, Request.Length / 4));
    }

    [Fact]
    public async Task A_timeout_of_a_handler_inside_is_504()
    {
        UsageRecord record = await FailAsync(new Throwing(new TaskCanceledException("late", new TimeoutException())), Host);

        (record.Outcome, record.Status, record.StatusCode).Should().Be((StreamOutcome.NoResponse, UsageStatus.Failed, 504));
    }

    // HttpClient tells its own timeout from a cancellation only after its handlers have returned.
    [Fact]
    public async Task A_timeout_of_the_client_itself_looks_like_a_cancellation()
    {
        await using LoopbackServer server = await LoopbackServer.StartAsync(LoopbackProvider.UntilClientLeavesAsync);
        var tracker = new UsageTracker(_sink);
        using var client = new HttpClient(new UsageTrackingHandler(tracker, new SocketsHttpHandler()));
        client.Timeout = TimeSpan.FromSeconds(1);

        await client.Awaiting(c => c.PostAsync(server.At("v1/messages"), new StringContent(Request)))
            .Should().ThrowAsync<TaskCanceledException>();
        await tracker.DisposeAsync();

        _sink.Records.Should().ContainSingle().Which.StatusCode.Should().Be(499);
    }

    [Fact]
    public async Task A_server_that_closes_the_connection_is_502_and_the_input_is_estimated()
    {
        await using LoopbackServer server = await LoopbackServer.StartAsync(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Abort();
        });

        UsageRecord record = await FailAsync(new SocketsHttpHandler(), server.At("v1/messages"));

        (record.StatusCode, record.InputSource).Should().Be((502, TokenSource.Estimated));
    }

    [Fact]
    public async Task A_failed_request_of_a_synchronous_call_has_its_record()
    {
        var tracker = new UsageTracker(_sink);
        using var invoker = new HttpMessageInvoker(new UsageTrackingHandler(tracker, new Throwing(new HttpRequestException("refused"))));
        using var request = new HttpRequestMessage(HttpMethod.Post, Host) { Content = new StringContent(Request) };

        invoker.Invoking(i => i.Send(request, CancellationToken.None)).Should().Throw<HttpRequestException>().WithMessage("refused");
        await tracker.DisposeAsync();

        _sink.Records.Should().ContainSingle().Which.ErrorMessage.Should().Be("refused");
    }

    [Fact]
    public async Task An_option_leaves_failed_requests_out()
    {
        var tracker = new UsageTracker(_sink, new StreamUsageOptions { RecordFailedRequests = false });
        using var client = new HttpClient(new UsageTrackingHandler(tracker, new Throwing(new HttpRequestException("refused"))));

        await client.Awaiting(c => c.PostAsync(Host, new StringContent(Request))).Should().ThrowAsync<HttpRequestException>();
        await tracker.DisposeAsync();

        _sink.Records.Should().BeEmpty();
        tracker.Budget.Taken.Should().Be(0);
    }

    [Fact]
    public async Task A_failure_under_two_handlers_of_one_tracker_has_one_record()
    {
        var tracker = new UsageTracker(_sink);
        var inner = new UsageTrackingHandler(tracker, new Throwing(new HttpRequestException("refused")));
        using var client = new HttpClient(new UsageTrackingHandler(tracker, inner));

        await client.Awaiting(c => c.PostAsync(Host, new StringContent(Request))).Should().ThrowAsync<HttpRequestException>();
        await tracker.DisposeAsync();

        _sink.Records.Should().ContainSingle();
        tracker.Budget.Taken.Should().Be(0);
    }

    [Fact]
    public async Task A_failure_under_handlers_of_two_sinks_has_a_record_in_each()
    {
        var other = new RecordingSink();
        UsageTracker outside = new(_sink), inside = new(other);
        var inner = new UsageTrackingHandler(inside, new Throwing(new HttpRequestException("refused")));
        using var client = new HttpClient(new UsageTrackingHandler(outside, inner));

        await client.Awaiting(c => c.PostAsync(Host, new StringContent(Request))).Should().ThrowAsync<HttpRequestException>();
        await outside.DisposeAsync();
        await inside.DisposeAsync();

        (_sink.Records.Count, other.Records.Count).Should().Be((1, 1));
    }

    [Fact]
    public async Task Attempts_that_fail_with_one_exception_object_have_a_record_each()
    {
        var tracker = new UsageTracker(_sink);
        using var invoker = new HttpMessageInvoker(new UsageTrackingHandler(tracker, new Throwing(new HttpRequestException("refused"))));
        using var request = new HttpRequestMessage(HttpMethod.Post, Host) { Content = new StringContent(Request) };

        for (int i = 0; i < 2; i++)
        {
            await invoker.Awaiting(c => c.SendAsync(request, CancellationToken.None)).Should().ThrowAsync<HttpRequestException>();
        }

        await tracker.DisposeAsync();
        _sink.Records.Should().HaveCount(2);
    }

    [Fact]
    public async Task Each_attempt_of_a_handler_outside_has_a_record_with_its_own_id()
    {
        var tracker = new UsageTracker(_sink);
        var provider = new FailingFirst(2);
        using var client = new HttpClient(new Retrying(new UsageTrackingHandler(tracker, provider)));

        (await client.PostAsync(Host, new StringContent(Request), TestContext.Current.CancellationToken)).Dispose();
        await tracker.DisposeAsync();

        // The sink is called for all of them at once.
        UsageRecord[] records = [.. _sink.Records.OrderBy(record => record.Context.AttemptId, StringComparer.Ordinal)];
        records.Select(record => record.StatusCode).Should().Equal(502, 502, 200);
        string[] ids = [.. records.Select(record => record.Context.AttemptId!)];
        ids.Should().OnlyHaveUniqueItems();
        ids.Select(id => id.Split('-')[0]).Distinct().Should().ContainSingle("the attempts of a request share a prefix");
        ids.Select(id => id.Split('-')[1]).Should().Equal("1", "2", "3");
    }

    [Fact]
    public async Task A_handler_inside_retries_within_one_record()
    {
        var tracker = new UsageTracker(_sink);
        using var client = new HttpClient(new UsageTrackingHandler(tracker, new Retrying(new FailingFirst(2))));

        (await client.PostAsync(Host, new StringContent(Request), TestContext.Current.CancellationToken)).Dispose();
        await tracker.DisposeAsync();

        _sink.Records.Should().ContainSingle().Which.StatusCode.Should().Be(200);
    }

    [Fact]
    public async Task The_attempt_id_of_a_context_stands()
    {
        var tracker = new UsageTracker(_sink);
        using var client = new HttpClient(new UsageTrackingHandler(tracker, new FailingFirst(0)));
        using (UsageScope.Begin(new UsageContext { AttemptId = "mine" }))
        {
            (await client.PostAsync(Host, new StringContent(Request), TestContext.Current.CancellationToken)).Dispose();
        }

        await tracker.DisposeAsync();

        _sink.Records.Single().Context.AttemptId.Should().Be("mine");
    }

    [Fact]
    public async Task A_switched_protocol_is_left_alone_and_has_no_record()
    {
        await using LoopbackServer server = await LoopbackServer.StartAsync(static async context =>
        {
            var upgrade = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpUpgradeFeature>()!;
            await using Stream stream = await upgrade.UpgradeAsync();
            await stream.WriteAsync("raw"u8.ToArray());
        });
        var tracker = new UsageTracker(_sink);
        using var client = new HttpClient(new UsageTrackingHandler(tracker, new SocketsHttpHandler()));
        using var request = new HttpRequestMessage(HttpMethod.Get, server.At("v1/realtime"));
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.ParseAdd("websocket");
        request.SetUsageContext(new UsageContext());

        using HttpResponseMessage response = await client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        response.StatusCode.Should().Be(HttpStatusCode.SwitchingProtocols);
        await using Stream raw = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        raw.CanWrite.Should().BeTrue("the content is the handler's own");
        byte[] read = new byte[3];
        await raw.ReadExactlyAsync(read, TestContext.Current.CancellationToken);
        Encoding.ASCII.GetString(read).Should().Be("raw");
        await tracker.DisposeAsync();

        _sink.Records.Should().BeEmpty();
    }

    private static Uri Host => new("https://host/v1/messages");

    private async Task<UsageRecord> FailAsync(HttpMessageHandler inner, Uri uri, CancellationToken cancellationToken = default)
    {
        var tracker = new UsageTracker(_sink, new StreamUsageOptions { Estimator = new CharacterTokenEstimator() });
        using var client = new HttpClient(new UsageTrackingHandler(tracker, inner));
        Exception? thrown = await Xunit.Record.ExceptionAsync(() => client.PostAsync(uri, new StringContent(Request), cancellationToken));
        thrown.Should().NotBeNull();
        await tracker.DisposeAsync();
        tracker.Budget.Taken.Should().Be(0);
        return _sink.Records.Should().ContainSingle().Which;
    }

    private sealed class Throwing(Exception fault) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw fault;

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) => throw fault;
    }

    private sealed class FailingFirst(int failures) : HttpMessageHandler
    {
        private int _calls;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            ++_calls <= failures ? throw new HttpRequestException("refused")
            : Task.FromResult(new HttpResponseMessage { Content = new StringContent(Answers.Claude, Encoding.UTF8, "text/event-stream") });
    }

    private sealed class Retrying(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            while (true)
            {
                try
                {
                    return await base.SendAsync(request, cancellationToken);
                }
                catch (HttpRequestException)
                {
                    // Tried again.
                }
            }
        }
    }
}
