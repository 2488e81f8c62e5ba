using System.Text;
using StreamUsage.ClientTests.Support;

namespace StreamUsage.ClientTests;

/// <summary>A YARP proxy passes the same on with and without tracking, and each response has a record.</summary>
public sealed class ProxyTests(TestBed bed) : IClassFixture<TestBed>
{
    private static readonly Version Http2 = new(2, 0);

    [Theory]
    [InlineData("chat.sse", "v1/chat/completions", "1.1", 1280)]
    [InlineData("chat.json", "v1/chat/completions", "2.0", 1280)]
    [InlineData("responses.sse", "v1/responses", "2.0", 1280)]
    [InlineData("claude.sse", "v1/messages", "1.1", 2396)]
    [InlineData("claude.json", "v1/messages", "2.0", 2396)]
    [InlineData("gemini.sse", "v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", "2.0", 1280)]
    public async Task A_tracked_proxy_passes_the_same_on(string fixture, string path, string version, long tokens)
    {
        string requestId = Guid.NewGuid().ToString();
        (string untracked, _) = await AskAsync(fixture, path, Version.Parse(version), null, requestId);

        (string headers, byte[] body) = await AskAsync(fixture, path, Version.Parse(version), bed.Tracker, requestId);

        headers.Should().Be(untracked);
        body.Should().Equal(Answer.Fixture(fixture).Body);
        UsageRecord record = (await bed.RecordsOfAsync(requestId)).Should().ContainSingle().Subject;
        record.Usage.TotalTokens.Should().Be(tokens);
        record.Outcome.Should().Be(StreamOutcome.Completed);
    }

    [Fact]
    public async Task A_client_that_leaves_a_proxy_is_recorded_as_aborted()
    {
        string requestId = Guid.NewGuid().ToString();
        byte[] half = Encoding.UTF8.GetBytes("""
            data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hi"}}]}


            """);
        await using TrackingProxy proxy = await TrackingProxy.StartAsync(
            bed.Server.Open(Http2, Answer.Of(half, "chat.sse") with { Stalls = true }), Http2, bed.Tracker);
        using (HttpResponseMessage response = await SendAsync(proxy, "v1/chat/completions", requestId))
        {
            await (await response.Content.ReadAsStreamAsync(Token)).ReadExactlyAsync(new byte[half.Length], Token);
        }

        UsageRecord[] records;
        do
        {
            records = await bed.RecordsOfAsync(requestId); // The proxy notices later; the run's time limit ends this.
        }
        while (records.Length == 0 && !Token.IsCancellationRequested);

        records.Should().ContainSingle().Which.Status.Should().Be(UsageStatus.Cancelled);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private async Task<(string Headers, byte[] Body)> AskAsync(
        string fixture, string path, Version version, UsageTracker? tracker, string requestId)
    {
        await using TrackingProxy proxy =
            await TrackingProxy.StartAsync(bed.Server.Open(version, Answer.Fixture(fixture)), version, tracker);
        using HttpResponseMessage response = await SendAsync(proxy, path, requestId);
        byte[] body = await response.Content.ReadAsByteArrayAsync(Token);
        response.Headers.Remove("Date");
        return ($"{(int)response.StatusCode}\n{response.Headers}{response.Content.Headers}", body);
    }

    private static async Task<HttpResponseMessage> SendAsync(TrackingProxy proxy, string path, string requestId)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(proxy.Address, path));
        request.Content = new StringContent("""{"model":"m"}""", Encoding.UTF8, "application/json");
        request.Headers.Add("x-request-id", requestId);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
    }
}
