using StreamUsage.Accounting;
using StreamUsage.Parsing.Anthropic;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>Anthropic Messages: what ends an answer, what is output, and how errors come.</summary>
public sealed class ClaudeParserTests
{
    private static readonly string Start = ClaudeUsageTests.Start("""{"input_tokens":10,"output_tokens":1}""");
    private static readonly string Delta = ClaudeUsageTests.Delta("""{"output_tokens":7}""");

    [Fact]
    public void Only_message_stop_ends_an_answer()
    {
        ReadBody.OfEvents(Start, Delta).Outcome.Should().Be(StreamOutcome.Interrupted);
        ReadBody.OfEvents(Start, Delta, ClaudeUsageTests.Stop)
            .Should().BeEquivalentTo(new { Outcome = StreamOutcome.Completed, StatusCode = 200, Protocol = "anthropic-messages" });
        ReadBody.Of($"event: message_start\ndata: {Start}\n\nevent: message_stop\ndata: {{}}\n\n").Outcome
            .Should().Be(StreamOutcome.Completed);
    }

    [Fact]
    public void The_stop_reason_and_sequence_come_from_the_delta()
    {
        ReadBody read = ReadBody.OfEvents(Start,
            """{"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"END"},"usage":{"output_tokens":7}}""");
        ReadBody later = ReadBody.OfEvents(
            Start, Delta, """{"type":"message_delta","delta":{"stop_reason":null},"usage":{"output_tokens":8}}""");

        read.State
            .Should().BeEquivalentTo(new { ResponseId = "msg_1", Model = "claude", StopReason = "stop_sequence", StopSequence = "END" });
        later.State.StopReason.Should().Be("end_turn");
    }

    [Fact]
    public void Text_reasoning_and_tool_calls_are_output_and_the_results_of_tools_are_not()
    {
        OutputRecorder output = ReadBody.Observe(
            new ClaudeParser(),
            isWholeBody: false,
            Start,
            """{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm\n"}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}""",
            """{"type":"content_block_start","index":1,"content_block":{"type":"text","text":"A"}}""",
            """{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"n\u00e4"}}""",
            """{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"text":"quoted"}}}""",
            """{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t","name":"find","input":{}}}""",
            """{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"q\":"}}""",
            """{"type":"content_block_start","index":3,"content_block":{"type":"web_search_tool_result","tool_use_id":"t","content":"""
                + """[{"type":"web_search_result","text":"page"}]}}""",
            """{"type":"content_block_start","index":4,"content_block":{"type":"redacted_thinking","data":"b3BhcXVl"}}""",
            """{"type":"ping"}""",
            Delta);

        output.Output
            .Should().Equal("Reasoning 0:hm\n", "Text 0:A", "Text 0:n\u00e4", "Citation 0: ", "ToolName 0:find", "ToolArguments 0:{\"q\":");
    }

    [Fact]
    public void A_whole_message_is_complete_and_its_usage_is_not_a_placeholder()
    {
        const string Body = """
            {"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[{"type":"text","text":"Hi"},
            {"type":"tool_use","id":"t","name":"find","input":{"q": 1}}],
            "stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":1,"service_tier":"standard"}}
            """;
        ReadBody read = ReadBody.Of(Body);

        read.Should().BeEquivalentTo(new
        {
            Outcome = StreamOutcome.Completed,
            Protocol = "anthropic-messages",
            Format = ApiFormat.Claude,
            EventCount = 1,
            OutputCharacters = 10,
        });
        read.State.Should().BeEquivalentTo(new { IsOutputReported = true, StopReason = "tool_use", ServiceTier = "standard" });
        ReadBody.Observe(new ClaudeParser(), isWholeBody: true, Body).Output
            .Should().Equal("Text 0:Hi", "ToolName 0:find", "ToolArguments 0:{\"q\": 1}");
    }

    [Theory]
    [InlineData("""{"type":"ping"}""")]
    [InlineData("""{"type":"content_block_stop","index":0}""")]
    public void A_stream_of_JSON_lines_is_not_complete_before_message_stop(string last)
    {
        ReadBody.Of($"{Start}\n{Delta}\n{last}\n").Outcome.Should().Be(StreamOutcome.Interrupted);
        ReadBody.Of($"{Start}\n{Delta}\n{last}\n{ClaudeUsageTests.Stop}\n").Outcome.Should().Be(StreamOutcome.Completed);
    }

    [Theory]
    [InlineData("overloaded_error", 529)]
    [InlineData("rate_limit_error", 429)]
    [InlineData("api_error", 500)]
    [InlineData("invalid_request_error", 400)]
    [InlineData("authentication_error", 401)]
    [InlineData("permission_error", 403)]
    [InlineData("not_found_error", 404)]
    [InlineData("request_too_large", 413)]
    [InlineData("timeout_error", 504)]
    [InlineData("rate_limit_exceeded", 429)]
    [InlineData("insufficient_quota", 429)]
    [InlineData("something_else", 502)]
    public void An_error_has_the_status_that_its_type_stands_for(string type, int status)
    {
        string error = $$$"""{"type":"error","error":{"type":"{{{type}}}","message":"No."}}""";
        ReadBody first = ReadBody.Of($"event: error\ndata: {error}\n\n");
        ReadBody midStream = ReadBody.OfEvents(Start, error, Delta, ClaudeUsageTests.Stop);
        ReadBody whole = ReadBody.Of(error);

        foreach (ReadBody read in new[] { first, midStream, whole })
        {
            read.Should().BeEquivalentTo(
                new { Outcome = StreamOutcome.ProviderError, StatusCode = status, Protocol = "anthropic-messages" });
            read.State.Error
                .Should().BeEquivalentTo(new { Type = type, Message = "No.", StatusCode = status == 502 ? (int?)null : status });
        }

        midStream.Usage.Should().BeEquivalentTo(new { InputTokens = 10, OutputTokens = 7 });
    }
}
