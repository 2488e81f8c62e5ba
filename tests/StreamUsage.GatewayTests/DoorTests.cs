using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using StreamUsage.GatewayTests.Support;

namespace StreamUsage.GatewayTests;

/// <summary>Keys and budgets: who may pass, and what it costs them.</summary>
public sealed class DoorTests(RefusingGateway refusing) : IClassFixture<RefusingGateway>
{
    // 100,000 output tokens of claude-demo-1 cost 1.5 dollars.
    private const int MaxTokens = 100_000;
    private static readonly (string Key, string Value) TwoDollars = ("Gateway__Keys__1__DailyBudget", "2");

    [Theory]
    [InlineData("anthropic", "x-api-key", "the provider's key")]
    [InlineData("openai", "Authorization", "Bearer the-providers-key")]
    [InlineData("google", "x-goog-api-key", "the provider's key")]
    public async Task The_callers_key_is_replaced_by_the_providers(string provider, string header, string expected)
    {
        await using Upstream upstream = await Upstream.StartAsync();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(upstream: upstream.Address);

        using HttpResponseMessage response = await AskAsync(gateway, provider);
        await response.Content.ReadAsStringAsync();

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        Dictionary<string, string> headers = upstream.Headers.Should().ContainSingle().Subject;
        headers[header].Should().Be(expected);
        headers.Values.Should().NotContain(static value => value.Contains("demo-"));
    }

    [Fact]
    public async Task A_request_with_an_unknown_key_is_refused_and_not_recorded()
    {
        GatewayProcess gateway = await refusing.GetAsync();

        using HttpResponseMessage response = await AskAsync(gateway, "openai", secret: "sk-unknown");

        response.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        refusing.Upstream.Headers.Should().BeEmpty();
        (await gateway.GetAsync("usage")).GetProperty("total").ValueKind.Should().Be(JsonValueKind.Null);
    }

    [Theory]
    [InlineData("v1/messages/batches")]
    [InlineData("v1/batches")]
    [InlineData("v1/files")]
    [InlineData("v1/realtime")]
    [InlineData("v1/messages/")]
    [InlineData("v1//messages")]
    [InlineData("v1/x/../messages/batches")]
    [InlineData("v1beta/models/gemini-demo-1:batchGenerateContent")]
    public async Task What_could_cost_without_a_record_does_not_pass(string path)
    {
        GatewayProcess gateway = await refusing.GetAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post,
            new Uri(gateway.Proxy, path))
        { Content = JsonContent.Create(new { model = "m" }) };
        request.Headers.Add("x-api-key", "demo-alice");

        using HttpResponseMessage response = await gateway.Http.SendAsync(request);

        response.StatusCode.Should().BeOneOf(HttpStatusCode.BadRequest, HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed);
        refusing.Upstream.Headers.Should().BeEmpty();
    }

    [Theory]
    [InlineData("GET", "v1/models")]
    [InlineData("POST", "v1/messages/count_tokens")]
    public async Task What_is_free_passes_without_a_record(string method, string path)
    {
        await using Upstream upstream = await Upstream.StartAsync();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(upstream: upstream.Address);
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(gateway.Proxy, path));
        request.Headers.Add("x-api-key", "demo-alice");

        using HttpResponseMessage response = await gateway.Http.SendAsync(request);

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        upstream.Headers.Should().ContainSingle();
        (await gateway.GetAsync("usage")).GetProperty("total").ValueKind.Should().Be(JsonValueKind.Null);
    }

    [Fact]
    public async Task A_compressed_request_is_refused()
    {
        GatewayProcess gateway = await refusing.GetAsync();
        using HttpRequestMessage request = Questions.Create(gateway.Proxy, "openai");
        request.Content!.Headers.ContentEncoding.Add("gzip");

        using HttpResponseMessage response = await gateway.Http.SendAsync(request);

        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        refusing.Upstream.Headers.Should().BeEmpty();
    }

    [Fact]
    public async Task A_Chat_stream_is_asked_for_its_usage_and_the_caller_does_not_see_it()
    {
        await using Upstream upstream = await Upstream.StartAsync();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(upstream: upstream.Address);

        using HttpResponseMessage response = await AskAsync(gateway, "openai");

        (await response.Content.ReadAsStringAsync()).Should().EndWith("data: [DONE]\n\n").And.NotContain("usage");
        JsonElement record = await ReadOnlyRecordAsync(gateway);
        record.GetProperty("outputSource").GetString().Should().Be("Reported");
        record.GetProperty("billedUsage").GetProperty("outputTokens").GetInt64().Should().Be(upstream.Sent[0].Output);
    }

    [Fact]
    public async Task A_worst_case_over_the_budget_is_refused_until_tomorrow()
    {
        GatewayProcess gateway = await refusing.GetAsync();

        using HttpResponseMessage response = await AskAsync(gateway, "anthropic", "demo-bob", 2 * MaxTokens);

        response.StatusCode.Should().Be(HttpStatusCode.TooManyRequests);
        (DateTimeOffset.UtcNow + response.Headers.RetryAfter!.Delta!.Value).Should().BeCloseTo(
            DateTimeOffset.UtcNow.UtcDateTime.Date.AddDays(1), TimeSpan.FromMinutes(1));
        JsonElement error = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");
        error.GetProperty("type").GetString().Should().Be("budget_exceeded");
        error.GetProperty("message").GetString().Should().Contain("3.0000").And.Contain("bob-ci");
        refusing.Upstream.Headers.Should().BeEmpty();
    }

    [Fact]
    public async Task An_open_request_holds_its_worst_case_until_its_record_settles_it()
    {
        await using Upstream upstream = await Upstream.StartAsync();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(upstream: upstream.Address, settings: TwoDollars);
        var mayGoOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        upstream.SecondHalf = mayGoOn.Task;
        using HttpResponseMessage open = await AskAsync(gateway, "anthropic", "demo-bob", MaxTokens);

        using HttpResponseMessage refused = await AskAsync(gateway, "anthropic", "demo-bob", MaxTokens);
        (decimal spent, decimal reserved) = await ReadBudgetAsync(gateway);
        mayGoOn.SetResult();
        await open.Content.ReadAsStringAsync();
        await UntilSettledAsync(gateway);
        using HttpResponseMessage later = await AskAsync(gateway, "anthropic", "demo-bob", MaxTokens);

        refused.StatusCode.Should().Be(HttpStatusCode.TooManyRequests);
        refused.Headers.RetryAfter!.Delta.Should().BeLessThan(TimeSpan.FromSeconds(10));
        spent.Should().Be(0);
        reserved.Should().BeGreaterThan(1.5m).And.BeLessThan(1.6m);
        later.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_partial_answer_is_charged_what_its_record_says()
    {
        await using Upstream upstream = await Upstream.StartAsync();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(
            upstream: upstream.Address, settings: [TwoDollars, ("StreamUsage__DrainAbortedStreams__MaxTime", "00:00:00.1")]);
        upstream.SecondHalf = new TaskCompletionSource().Task; // It cannot end before its caller leaves.

        using (HttpResponseMessage left = await AskAsync(gateway, "anthropic", "demo-bob", MaxTokens))
        {
            await (await left.Content.ReadAsStreamAsync()).ReadExactlyAsync(new byte[400]);
        }

        JsonElement record = await ReadOnlyRecordAsync(gateway);
        await UntilSettledAsync(gateway);

        record.GetProperty("outcome").GetString().Should().Be("ClientAborted");
        (await ReadBudgetAsync(gateway)).Spent.Should().BePositive().And.Be(record.GetProperty("cost").GetProperty("total").GetDecimal());
    }

    [Fact]
    public async Task A_request_that_no_provider_got_costs_nothing()
    {
        await using GatewayProcess gateway =
            await GatewayProcess.StartAsync(upstream: new Uri("http://127.0.0.1:1/"), settings: TwoDollars);

        using HttpResponseMessage response = await AskAsync(gateway, "anthropic", "demo-bob", MaxTokens);

        response.StatusCode.Should().Be(HttpStatusCode.BadGateway);
        (await ReadOnlyRecordAsync(gateway)).GetProperty("outcome").GetString().Should().Be("NoResponse");
        await UntilSettledAsync(gateway);
        (await ReadBudgetAsync(gateway)).Spent.Should().Be(0);
    }

    [Fact]
    public async Task What_was_spent_today_is_known_after_a_restart()
    {
        await using Upstream upstream = await Upstream.StartAsync();
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(upstream: upstream.Address, settings: TwoDollars);
        using HttpResponseMessage response = await AskAsync(gateway, "anthropic", "demo-bob");
        await response.Content.ReadAsStringAsync();
        await ReadOnlyRecordAsync(gateway);

        await gateway.TerminateAsync();
        await gateway.RestartAsync();

        (await ReadBudgetAsync(gateway)).Spent.Should().Be(upstream.Sent[0].Cost);
    }

    private static async Task<HttpResponseMessage> AskAsync(
        GatewayProcess gateway, string provider, string secret = "demo-alice", int maxTokens = 100)
    {
        using HttpRequestMessage request = Questions.Create(gateway.Proxy, provider, secret, maxTokens: maxTokens);
        return await gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static async Task<JsonElement> ReadOnlyRecordAsync(GatewayProcess gateway)
    {
        JsonElement[] records = [];
        await gateway.UntilAsync(async () =>
        {
            records = [.. (await gateway.GetAsync("usage/records")).GetProperty("records").EnumerateArray()];
            return records is not [];
        });
        return records.Should().ContainSingle("one request was made; the gateway said: {0}", gateway.Output).Subject;
    }

    // A record settles the reservation of its request.
    private static Task UntilSettledAsync(GatewayProcess gateway) =>
        gateway.UntilAsync(async () => (await ReadBudgetAsync(gateway)).Reserved == 0);

    private static async Task<(decimal Spent, decimal Reserved)> ReadBudgetAsync(GatewayProcess gateway)
    {
        JsonElement bob = (await gateway.ReadLiveAsync()).GetProperty("budgets")[1];
        return (bob.GetProperty("spent").GetDecimal(), bob.GetProperty("reserved").GetDecimal());
    }
}
