using System.Text;
using StreamUsage.Accounting;
using StreamUsage.Parsing;
using StreamUsage.Parsing.Anthropic;
using StreamUsage.Parsing.OpenAI;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>Which parser recognizes an event, and which one is chosen.</summary>
public sealed class ParserChoiceTests
{
    private Exception? _fault;

    [Theory]
    // The event's type, its data, and what the Claude, Chat and Responses parsers make of it.
    [InlineData("", """{"type":"message_start","message":{}}""", "Certain None None")]
    [InlineData("message_start", """{"message":{}}""", "Certain None None")]
    [InlineData("", """{"type":"content_block_delta","delta":{}}""", "Certain None None")]
    [InlineData("", """{"type":"message","content":[],"usage":{"input_tokens":1,"output_tokens":1}}""", "Certain None Possible")]
    [InlineData("message", """{"a":1}""", "None None None")]
    [InlineData("", """{"type":"ping"}""", "None None None")]
    [InlineData("", """{"type":"error","error":{"type":"overloaded_error","message":"m"}}""", "Certain Possible None")]
    [InlineData("error", """{"error":{"message":"m"}}""", "Possible Possible None")]
    [InlineData("", """{"error":"m"}""", "Possible Possible None")]
    [InlineData("", """{"error":null}""", "None None None")]
    [InlineData("", """{"choices":[]}""", "None Certain None")]
    [InlineData("", """{"object":"chat.completion.chunk"}""", "None Certain None")]
    [InlineData("", """{"object":"error","message":"m","code":400}""", "None Possible None")]
    [InlineData("", "[DONE]", "None None None")]
    [InlineData("", """{"usage":{"prompt_tokens":1}}""", "None Possible None")]
    [InlineData("", """{"type":"response.created","response":{}}""", "None None Certain")]
    [InlineData("response.created", """{"response":{}}""", "None None Certain")]
    [InlineData("", """{"object":"response","status":"queued"}""", "None None Certain")]
    [InlineData("", """{"type":"error","code":"c","message":"m"}""", "None None Certain")]
    [InlineData("", """{"type":"error","sequence_number":1,"error":{"message":"m"}}""", "Possible Possible Certain")]
    [InlineData("", """{"usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}""", "None None Possible")]
    [InlineData("", """{"usage":{"input_tokens":1,"cache_read_input_tokens":0}}""", "Possible None None")]
    [InlineData("", """{"usage":{"input_tokens":1,"output_tokens":1}}""", "Possible None Possible")]
    [InlineData("", """{"candidates":[]}""", "None None None")]
    [InlineData("", "[1]", "None None None")]
    [InlineData("", "text", "None None None")]
    [InlineData("", "", "None None None")]
    public void An_event_is_recognized_by_the_parsers_that_can_read_it(string type, string data, string expected)
    {
        IUsageParser[] parsers = [new ClaudeParser(), new OpenAIChatParser(), new OpenAIResponsesParser()];

        string.Join(' ', parsers.Select(p => p.Match(new StreamEvent(Encoding.UTF8.GetBytes(type), Encoding.UTF8.GetBytes(data)))))
            .Should().Be(expected);
    }

    [Theory]
    [InlineData("AUTO", """{"choices":[]}""", "openai-chat", true)]
    [InlineData("AUTO", """{"type":"response.created"}""", "openai-responses", true)]
    [InlineData("AUTO", """{"type":"message_start"}""", "anthropic-messages", true)]
    [InlineData("AUTO", """{"error":{}}""", "openai-chat", false)]
    [InlineData("AUTO", """{"candidates":[]}""", "gemini", true)]
    [InlineData("AUTO", """{"usageMetadata":{}}""", "gemini", true)]
    [InlineData("AUTO", """{"promptFeedback":{"blockReason":"SAFETY"}}""", "gemini", true)]
    [InlineData("AUTO", """{"response":{"candidates":[]},"traceId":"t"}""", "gemini", true)]
    [InlineData("AUTO", """{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}""", "gemini", true)]
    [InlineData("GEMINI", """{"error":{}}""", "gemini", false)]
    [InlineData("AUTO", """{"object":"text_completion","choices":[{"text":"t"}]}""", "openai-completions", true)]
    [InlineData("AUTO", """{"object":"list","data":[{"embedding":[0.1]}],"usage":{"prompt_tokens":1,"total_tokens":1}}""",
        "openai-embeddings", true)]
    [InlineData("AUTO", """{"object":"list","data":[]}""", null, false)]
    [InlineData("AUTO", """{"messageStart":{"role":"assistant"}}""", "bedrock-converse", true)]
    [InlineData("AUTO", """{"output":{"message":{}},"stopReason":"end_turn","usage":{"inputTokens":1,"outputTokens":1}}""",
        "bedrock-converse", true)]
    [InlineData("AUTO", """{"usage":{"inputTokens":1,"outputTokens":1}}""", "bedrock-converse", false)]
    [InlineData("BEDROCK", """{"error":{}}""", "bedrock-converse", false)]
    [InlineData("BEDROCK", """{"type":"message_start"}""", "anthropic-messages", true)]
    [InlineData("CLAUDE", """{"error":{}}""", "anthropic-messages", false)]
    [InlineData("claude_cli", """{"error":{}}""", "anthropic-messages", false)]
    [InlineData("OPENAI", """{"type":"error","error":{}}""", "openai-chat", false)]
    [InlineData("CLAUDE", """{"choices":[]}""", "openai-chat", true)]
    [InlineData("OPENAI", """{"type":"message_start"}""", "anthropic-messages", true)]
    [InlineData("GEMINI", """{"choices":[]}""", "openai-chat", true)]
    public void The_named_formats_parsers_are_asked_before_all_others(string named, string data, string? protocol, bool isCertain)
    {
        IUsageParser? chosen = new ParserSet([])
            .Choose(new StreamEvent(default, Encoding.UTF8.GetBytes(data)), new ApiFormat(named), out bool certain, ref _fault);

        chosen?.Protocol.Should().Be(protocol);
        (chosen is null).Should().Be(protocol is null);
        certain.Should().Be(isCertain);
    }

    [Theory]
    [InlineData("""{"metrics":{"latencyMs":1},"usage":{"inputTokens":3,"outputTokens":4}}""", "bedrock-converse", true)]
    [InlineData("""{"request_id":"r"}""", null, false)]
    public void An_event_named_metadata_is_Converses_by_its_usage(string data, string? protocol, bool isCertain)
    {
        IUsageParser? chosen = new ParserSet([])
            .Choose(new StreamEvent("metadata"u8, Encoding.UTF8.GetBytes(data)), ApiFormat.OpenAI, out bool certain, ref _fault);

        (chosen?.Protocol, certain).Should().Be((protocol, isCertain));
    }

    [Fact]
    public void An_event_named_metadata_leaves_the_stream_to_its_own_parser()
    {
        ReadBody read = ReadBody.Of("event: metadata\ndata: {\"request_id\":\"r\"}\n\n" + ReadBody.Sse(
            OpenAIChatUsageTests.Chunk("{\"content\":\"x\"}"),
            """{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":7}}""", "[DONE]"));

        (read.Protocol, read.Outcome, read.Usage)
            .Should().Be(("openai-chat", StreamOutcome.Completed, new TokenUsage { InputTokens = 10, OutputTokens = 7 }));
    }

    [Fact]
    public void A_users_parser_comes_before_a_built_in_one_of_the_same_certainty()
    {
        var custom = new CustomParser();
        var set = new ParserSet([(new ApiFormat("MINE"), custom)]);

        set.Choose(new StreamEvent(default, "{\"choices\":[]}"u8), ApiFormat.Auto, out _, ref _fault).Should().BeSameAs(custom);
        set.Choose(new StreamEvent(default, "{\"choices\":[]}"u8), ApiFormat.OpenAI, out _, ref _fault)!.Protocol
            .Should().Be("openai-chat");
        set.FormatOf(custom, ApiFormat.Auto).Should().Be(new ApiFormat("mine"));
    }

    [Theory]
    [InlineData("OPENAI", "OPENAI")]
    [InlineData("openai_cli", "OPENAI_CLI")]
    [InlineData("CLAUDE", "OPENAI")]
    [InlineData("AUTO", "OPENAI")]
    public void The_format_is_the_callers_where_the_stream_speaks_it_else_the_detected_one(string named, string expected) =>
        ReadBody.Of(ReadBody.Sse("""{"choices":[]}"""), new ApiFormat(named)).Format.Should().Be(new ApiFormat(expected));

    [Fact]
    public void A_possible_parser_reads_until_a_certain_one_is_found()
    {
        ReadBody read = ReadBody.OfEvents("""{"type":"ping"}""",
            OpenAIChatUsageTests.Chunk("""{"content":"x"}"""), "[DONE]", """{"type":"message_start","message":{"id":"no"}}""");

        read.Should().BeEquivalentTo(new { Protocol = "openai-chat", Outcome = StreamOutcome.Completed, SkippedEvents = 0 });
        read.State.ResponseId.Should().Be("c");
    }

    [Theory]
    [InlineData("<html>502</html>")]
    [InlineData("data: hello\n\n")]
    [InlineData("{\"detail\":\"no\"}")]
    [InlineData("[1,2]")]
    [InlineData("{\"cut\":")]
    public void A_body_that_no_parser_reads_is_unreadable(string body) =>
        ReadBody.Of(body).Should().BeEquivalentTo(new { Protocol = (string?)null, Outcome = StreamOutcome.Unreadable, StatusCode = 502 });

    [Fact]
    public void A_body_without_bytes_is_empty() => ReadBody.Of("").Outcome.Should().Be(StreamOutcome.Empty);

    private sealed class CustomParser : IUsageParser
    {
        public string Protocol => "mine";

        public ParserMatch Match(StreamEvent streamEvent) => ParserMatch.Certain;

        public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state) => state;
    }
}
