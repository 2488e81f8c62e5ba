using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Http;

/// <summary>A caller may release the memory of its request body while the request is under way.</summary>
public sealed class GoneRequestBodyTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_response_arrives_and_is_recorded_without_the_body_of_its_request()
    {
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink);
        using HttpClient client = new(new UsageTrackingHandler(tracker, new Provider()));
        using var request = new HttpRequestMessage(HttpMethod.Post, "https://host/v1/messages");
        request.SetUsageContext(new UsageContext { RequestBody = new GoneMemory().Memory });

        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        string answer = await response.Content.ReadAsStringAsync(Cancellation);
        await tracker.DisposeAsync();

        answer.Should().Be(Answers.Claude);
        sink.Records.Should().ContainSingle().Which
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Completed && r.Context.Model == null);
    }

    private sealed class Provider : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(Track.Response(Answers.Claude));
    }
}
