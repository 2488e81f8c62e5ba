using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Http;

/// <summary>A handler inside may resolve a relative URI, so the handler needs no absolute one.</summary>
public sealed class RelativeUriTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_with_a_relative_uri_is_tracked_if_it_has_a_context(bool hasContext)
    {
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink);
        using var invoker = new HttpMessageInvoker(new UsageTrackingHandler(tracker, new Provider()));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("v1/messages", UriKind.Relative));
        if (hasContext)
        {
            request.SetUsageContext(new UsageContext { RequestId = "r1" });
        }

        using HttpResponseMessage response = await invoker.SendAsync(request, Cancellation);
        string answer = await response.Content.ReadAsStringAsync(Cancellation);
        await tracker.DisposeAsync();

        answer.Should().Be(Answers.Claude);
        string[] expected = hasContext ? ["r1"] : [];
        sink.Records.Select(record => record.Context.RequestId).Should().Equal(expected);
    }

    private sealed class Provider : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(Track.Response(Answers.Claude));
    }
}
