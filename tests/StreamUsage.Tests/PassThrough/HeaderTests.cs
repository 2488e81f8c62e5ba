using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>What a caller sees of a response beside its bytes is what it saw before. The server is Kestrel on
/// loopback.</summary>
public sealed class HeaderTests(LoopbackProvider provider) : IClassFixture<LoopbackProvider>
{
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task TrackUsage_keeps_status_version_and_every_header_as_it_was(string httpVersion)
    {
        using HttpResponseMessage response = await provider.GetAsync(
            async context =>
            {
                context.Response.StatusCode = 203;
                context.Response.Headers["Content-Encoding"] = new[] { "gzip", "br" };
                context.Response.Headers["Content-Language"] = "de, en";
                context.Response.Headers["Content-Type"] = "text/event-stream;;charset=\"none\"";
                context.Response.Headers["Expires"] = "0";
                context.Response.Headers["Last-Modified"] = "yesterday";
                context.Response.Headers["X-Request-Id"] = "req_1";
                context.Response.Headers["X-Several"] = new[] { "one", "two" };
                await LoopbackProvider.Whole(203, context.Response.ContentType!, "0123456789")(context);
            },
            httpVersion);
        HttpResponseHeaders headers = response.Headers;
        string before = Describe(response);

        _ = response.TrackUsage(new RecordingSink(), Track.Nothing);

        Describe(response).Should().Be(before).And.Contain("Content-Length: 10").And.Contain("Last-Modified: yesterday");
        response.Headers.Should().BeSameAs(headers);
        response.Content.Headers.ContentLength.Should().Be(10);
        (await response.Content.ReadAsByteArrayAsync()).Should().HaveCount(10);
    }

    [Fact]
    public async Task Trailers_come_after_the_body_as_they_do_without_tracking()
    {
        using HttpResponseMessage response = await provider.GetAsync(
            async context =>
            {
                context.Response.DeclareTrailer("x-checksum");
                await LoopbackProvider.Events(Answers.Claude)(context);
                context.Response.AppendTrailer("x-checksum", "abc");
            },
            "2.0");
        UsageTracking tracking = response.TrackUsage(new RecordingSink(), Track.Nothing);

        await response.Content.CopyToAsync(Stream.Null);

        response.TrailingHeaders.GetValues("x-checksum").Should().Equal("abc");
        (await tracking.Completion).Outcome.Should().Be(StreamOutcome.Completed);
    }

    [Fact]
    public async Task A_response_that_switches_protocols_is_left_alone_and_its_handle_is_cancelled()
    {
        var sink = new RecordingSink();
        using var response = new HttpResponseMessage(HttpStatusCode.SwitchingProtocols) { Content = new StringContent("raw") };
        HttpContent content = response.Content;

        UsageTracking tracking = response.TrackUsage(sink, Track.Nothing);

        response.Content.Should().BeSameAs(content);
        tracking.Completion.IsCanceled.Should().BeTrue();
        tracking.Completion.Should().BeSameAs(tracking.Completion);
        tracking.Delivery.IsCanceled.Should().BeTrue();
        tracking.Current.Should().Be(new UsageSnapshot());
        tracking.Fail(500, "late").Should().BeFalse();
        (await response.Content.ReadAsStringAsync()).Should().Be("raw");
        sink.Starts.Should().BeEmpty();
    }

    [Fact]
    public async Task A_length_that_the_content_computes_is_known_after_tracking_too()
    {
        using var response = new HttpResponseMessage { Content = new StringContent(Answers.Claude) };

        _ = response.TrackUsage(new RecordingSink(), Track.Nothing);

        response.Content.Headers.ContentLength.Should().Be(Answers.ClaudeBytes.Length);
        (await response.Content.ReadAsStringAsync()).Should().Be(Answers.Claude);
    }

    private static string Describe(HttpResponseMessage response)
    {
        IEnumerable<string> lines = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
            .Select(header => $"{header.Key}: {string.Join("|", header.Value)}");
        return $"{(int)response.StatusCode} {response.ReasonPhrase} {response.Version}\n{string.Join("\n", lines)}";
    }
}
