using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Recording;

/// <summary>Captured headers are kept by name, secrets without their value.</summary>
public sealed class RedactionTests
{
    [Theory]
    [InlineData("Authorization", true)]
    [InlineData("proxy-authorization", true)]
    [InlineData("Cookie", true)]
    [InlineData("Set-Cookie", true)]
    [InlineData("x-api-key", true)]
    [InlineData("X-Goog-Api-Key", true)]
    [InlineData("x-amz-security-token", true)]
    [InlineData("client-secret-hash", true)]
    [InlineData("x-unheard-of", true)]
    [InlineData("Server", true)]
    [InlineData("X-Tenant", false)]
    [InlineData("x-ratelimit-remaining-tokens", false)]
    [InlineData("X-RateLimit-Limit-Tokens", false)]
    [InlineData("content-type", false)]
    [InlineData("x-request-id", false)]
    public async Task A_header_is_redacted_wherever_it_is_kept(string name, bool isSecret)
    {
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink, new StreamUsageOptions().RedactHeader("server").CaptureHeader("x-tenant"));
        var headers = new Dictionary<string, string> { [name] = "value-1" };
        Stream tracked = tracker.Track(Stream.Null, new UsageContext { RequestHeaders = headers, ProviderRequestHeaders = headers },
            out UsageTracking tracking, new TrackedResponse { Headers = headers });

        tracked.Dispose();

        UsageRecord record = await tracking.Completion;
        string expected = isSecret ? "***" : "value-1";
        record.Context.RequestHeaders![name].Should().Be(expected);
        record.Context.ProviderRequestHeaders![name].Should().Be(expected);
        record.ResponseHeaders![name].Should().Be(expected);
        sink.Starts.Single().Context.RequestHeaders![name].Should().Be(expected);
        sink.Starts.Single().Context.ProviderRequestHeaders![name].Should().Be(expected);
        headers[name].Should().Be("value-1", "the caller's own headers stay as they are");
    }

    [Fact]
    public async Task Headers_of_a_response_and_its_content_are_captured_and_secrets_redacted()
    {
        using HttpResponseMessage response = Track.Response(Answers.Claude);
        response.Headers.TryAddWithoutValidation("Set-Cookie", "session=1");
        response.Headers.TryAddWithoutValidation("Via", ["one", "two"]);
        UsageTracking tracking = response.TrackUsage(new RecordingSink(), Track.Nothing);

        response.Dispose();

        (await tracking.Completion).ResponseHeaders.Should().Equal(
            new Dictionary<string, string> { ["Set-Cookie"] = "***", ["Via"] = "one, two", ["Content-Type"] = "text/event-stream" });
    }

    [Fact]
    public async Task Without_capture_no_response_headers_are_kept()
    {
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { Capture = CapturedContent.None });
        using HttpResponseMessage response = Track.Response(Answers.Claude);
        UsageTracking tracking = response.TrackUsage(tracker, Track.Nothing);

        response.Dispose();

        (await tracking.Completion).ResponseHeaders.Should().BeNull();
    }

    [Fact]
    public async Task Headers_that_the_caller_changes_meanwhile_are_kept_as_they_were_at_the_start()
    {
        await using var tracker = new UsageTracker(new RecordingSink());
        var headers = new Dictionary<string, string> { ["via"] = "1" };
        Stream tracked = tracker.Track(Stream.Null, new UsageContext { RequestHeaders = headers }, out UsageTracking tracking);

        headers.Clear();
        headers["server"] = "2";
        tracked.Dispose();

        (await tracking.Completion).Context.RequestHeaders.Should().Equal(new Dictionary<string, string> { ["via"] = "1" });
    }
}
