using System.Net;
using System.Text;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Http;

/// <summary>A Gemini interaction in the background: accepted by POST, polled by GET, and its usage is in one
/// record.</summary>
public sealed class BackgroundInteractionTests
{
    private const string Uri = "https://generativelanguage.googleapis.com/v1beta/interactions";
    private const string Usage =
        """{"total_input_tokens":40,"total_cached_tokens":16,"total_output_tokens":9,"total_thought_tokens":3,"total_tokens":52}""";

    [Fact]
    public async Task Polls_cost_nothing_until_the_answer_is_there()
    {
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink, Track.ByCharacters);
        using var client = new HttpClient(new UsageTrackingHandler(tracker)
        {
            InnerHandler = new Provider(
                """{"id":"v1_a","object":"interaction","status":"queued","agent":"deep-research"}""",
                """{"id":"v1_a","object":"interaction","status":"in_progress","agent":"deep-research","steps":"""
                    + """[{"type":"user_input","content":[{"type":"text","text":"Two and two?"}]}]}""",
                $$"""{"usage":{{Usage}},"status":"completed","agent":"deep-research","steps":"""
                    + """[{"type":"user_input","content":[{"type":"text","text":"Two and two?"}]},"""
                    + """{"type":"model_output","content":[{"type":"text","text":"Four."}]}],"object":"interaction","id":"v1_a"}"""),
        });

        await ReadAsync(client.PostAsync(Uri, new StringContent("""{"agent":"deep-research","input":"Two and """
            + """two?","background":true}""", Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken));
        await ReadAsync(client.GetAsync(Uri + "/v1_a", TestContext.Current.CancellationToken));
        await ReadAsync(client.GetAsync(Uri + "/v1_a", TestContext.Current.CancellationToken));
        await tracker.DisposeAsync();

        sink.Records.Should().AllSatisfy(record => record.Should().BeEquivalentTo(new
        {
            Protocol = "gemini-interactions",
            ApiFormat = ApiFormat.Gemini,
            ResponseId = "v1_a",
            ResponseModel = "deep-research",
            Streamed = false,
        }));
        sink.Records.Select(record => record.Outcome).Should().BeEquivalentTo([StreamOutcome.Pending, StreamOutcome.Completed]);
        sink.Records.Where(record => record.Outcome == StreamOutcome.Pending).Should().AllSatisfy(
            record => (record.Usage, record.InputSource, record.OutputSource).Should().Be((default, TokenSource.None, TokenSource.None)));
        UsageRecord answer = sink.Records.Single(record => record.Outcome == StreamOutcome.Completed);
        (answer.Usage.InputTokens, answer.Usage.CacheReadInputTokens, answer.Usage.OutputTokens, answer.Usage.ReasoningTokens)
            .Should().Be((24, 16, 12, 3));
        (answer.OutputCharacters, answer.StopReason).Should().Be(("Four.".Length, "completed"), "the user's words are not output");
    }

    [Fact]
    public async Task A_stream_that_is_taken_up_again_counts_as_what_it_says()
    {
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink, Track.ByCharacters);
        using var client = new HttpClient(new UsageTrackingHandler(tracker)
        {
            InnerHandler = new Provider(
                """{"id":"v1_a","object":"interaction","status":"queued","agent":"deep-research"}""",
                "event: step.delta\ndata: {\"event_type\":\"step.delta\",\"index\":0,\"delta\":{\"type\":\"text\",\"text\":\"our.\"},"
                    + "\"event_id\":\"7\"}\n\n"
                + $"event: interaction.completed\ndata: {{\"event_type\":\"interaction.completed\",\"interaction\":{{\"id\":\"v1_a\","
                + $"\"status\":\"completed\",\"usage\":{Usage}}}}}\n\n"),
        });

        await ReadAsync(client.PostAsync(Uri, new StringContent("{}"), TestContext.Current.CancellationToken));
        await ReadAsync(client.GetAsync(Uri + "/v1_a?stream=true&last_event_id=6", TestContext.Current.CancellationToken));
        await tracker.DisposeAsync();

        sink.Records.Should().HaveCount(2).And.Subject.Single(record => record.Outcome == StreamOutcome.Completed)
            .Should().BeEquivalentTo(new
            {
                Protocol = "gemini-interactions",
                Outcome = StreamOutcome.Completed,
                ResponseId = "v1_a",
                Usage = new { InputTokens = 24, CacheReadInputTokens = 16, OutputTokens = 12 },
                OutputSource = TokenSource.Reported,
            });
    }

    private static async Task ReadAsync(Task<HttpResponseMessage> asked)
    {
        using HttpResponseMessage response = await asked;
        await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private sealed class Provider(params string[] answers) : HttpMessageHandler
    {
        private int _asked;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            string answer = answers[_asked++];
            string type = answer[0] == '{' ? "application/json" : "text/event-stream";
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(answer, Encoding.UTF8, type) });
        }
    }
}
