using StreamUsage.Accounting;
using StreamUsage.Parsing.OpenAI;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>Responses: its deltas, what ends an answer, its usage, its tools and its errors.</summary>
public sealed class OpenAIResponsesParserTests
{
    private const string Created = """{"type":"response.created","sequence_number":0,"response":"""
        + """{"id":"resp_1","object":"response","status":"in_progress","model":"m","service_tier":"auto","usage":null,"error":null}}""";
    private const string Usage = """{"input_tokens":100,"input_tokens_details":{"cached_tokens":60,"cache_write_tokens":30}"""
        + ""","output_tokens":7,"output_tokens_details":{"reasoning_tokens":4},"total_tokens":107}""";
    private const string Output =
        """[{"type":"reasoning","summary":[{"type":"summary_text","text":"so"}],"content":[{"type":"reasoning_text","text":"hm"}]},"""
        + """{"type":"message","content":[{"type":"output_text","text":"Hi"},{"type":"refusal","refusal":"No."}]},"""
        + """{"type":"function_call","name":"find","arguments":"{}"},{"type":"custom_tool_call","name":"run","input":"ls"}]""";

    [Theory]
    [InlineData("response.output_text.delta", "Text")]
    [InlineData("response.refusal.delta", "Refusal")]
    [InlineData("response.reasoning_text.delta", "Reasoning")]
    [InlineData("response.reasoning_summary_text.delta", "Reasoning")]
    [InlineData("response.function_call_arguments.delta", "ToolArguments")]
    [InlineData("response.custom_tool_call_input.delta", "ToolArguments")]
    [InlineData("response.mcp_call_arguments.delta", "ToolArguments")]
    [InlineData("response.code_interpreter_call_code.delta", "ToolArguments")]
    [InlineData("response.audio.transcript.delta", "Text")]
    [InlineData("response.audio.delta", null)]
    [InlineData("response.output_text.annotation.added", null)]
    [InlineData("response.unknown.delta", null)]
    public void A_delta_is_output_of_its_kind(string type, string? kind)
    {
        string deltaFirst = $$"""{"delta":"n\u00e4","item_id":"i","type":"{{type}}"}""";
        string typeFirst = $$"""{"type":"{{type}}","sequence_number":4,"output_index":0,"delta":"n\u00e4"}""";

        ReadBody.Observe(new OpenAIResponsesParser(), false, deltaFirst, typeFirst).Output
            .Should().Equal(kind is null ? [] : [$"{kind} 0:n\u00e4", $"{kind} 0:n\u00e4"]);
    }

    [Fact]
    public void What_is_done_repeats_the_deltas_and_is_not_counted_again()
    {
        OutputRecorder output = ReadBody.Observe(
            new OpenAIResponsesParser(),
            isWholeBody: false,
            Created,
            """{"type":"response.output_item.added","item":{"type":"function_call","name":"find","arguments":""}}""",
            """{"type":"response.function_call_arguments.delta","delta":"{}"}""",
            """{"type":"response.function_call_arguments.done","name":"find","arguments":"{}"}""",
            """{"type":"response.output_item.done","item":{"type":"function_call","name":"find","arguments":"{}"}}""",
            """{"type":"response.output_text.delta","delta":"Hi"}""",
            """{"type":"response.output_text.done","text":"Hi"}""",
            """{"type":"response.content_part.done","part":{"type":"output_text","text":"Hi"}}""",
            """{"type":"response.output_item.done","item":{"type":"message","content":[{"type":"output_text","text":"Hi"}]}}""",
            $$"""{"type":"response.completed","response":{"id":"resp_1","status":"completed","output":{{Output}},"usage":{{Usage}} } }""");

        output.Output.Should().Equal("ToolName 0:find", "ToolArguments 0:{}", "Text 0:Hi");
    }

    [Theory]
    [InlineData("completed", "null", "completed", StreamOutcome.Completed)]
    [InlineData("incomplete", """{"reason":"max_output_tokens"}""", "max_output_tokens", StreamOutcome.Completed)]
    [InlineData("incomplete", "null", "incomplete", StreamOutcome.Completed)]
    [InlineData("failed", "null", "failed", StreamOutcome.ProviderError)]
    public void A_terminal_event_ends_the_answer_and_bears_the_usage(
        string status, string details, string stopReason, StreamOutcome outcome)
    {
        ReadBody read = ReadBody.OfEvents(Created, $$"""{"type":"response.{{status}}","response":"""
            + $$"""{"id":"resp_1","status":"{{status}}","model":"m-1","service_tier":"flex","incomplete_details":{{details}},"output":"""
            + $$"""{{Output}},"usage":{{Usage}} } }""");

        read.Should().BeEquivalentTo(new
        {
            Outcome = outcome,
            Protocol = "openai-responses",
            Counts = "in 10 read 60 write 30 (0+0) out 7 reasoning 4",
            UsageJson = Usage,
            OutputCharacters = 0,
        });
        read.State.Should().BeEquivalentTo(
            new { ResponseId = "resp_1", Model = "m-1", StopReason = stopReason, ServiceTier = "flex", IsTerminal = true });
    }

    [Theory]
    [InlineData("response.created", "in_progress")]
    [InlineData("response.queued", "queued")]
    [InlineData("response.in_progress", "in_progress")]
    public void An_answer_cut_before_its_terminal_event_is_interrupted(string type, string status)
    {
        ReadBody read = ReadBody.OfEvents(
            $$"""{"type":"{{type}}","response":{"id":"resp_1","status":"{{status}}","model":"m","usage":null} }""",
            """{"type":"response.output_text.delta","delta":"Hi"}""");

        read.Outcome.Should().Be(StreamOutcome.Interrupted);
        read.State.Should().BeEquivalentTo(new { ResponseId = "resp_1", Model = "m", StopReason = (string?)null, IsInputReported = false });
    }

    [Theory]
    [InlineData("queued")]
    [InlineData("in_progress")]
    public void A_whole_body_that_has_only_been_accepted_is_pending(string status)
    {
        ReadBody read = ReadBody.Of($$"""{"id":"resp_1","object":"response","status":"{{status}}","background":true,"model":"m","output":"""
            + """[],"usage":null,"error":null}""");

        read.Should().BeEquivalentTo(new { Outcome = StreamOutcome.Pending, StatusCode = 200 });
        read.State.StopReason.Should().BeNull();
    }

    [Fact]
    public void A_whole_response_is_complete_and_its_output_counts_once()
    {
        string body = """{"id":"resp_1","object":"response","status":"completed","model":"m","error":null,"output":"""
            + $$"""{{Output}},"usage":{{Usage}} }""";

        ReadBody.Of(body).Should().BeEquivalentTo(new
        {
            Outcome = StreamOutcome.Completed,
            Protocol = "openai-responses",
            Counts = "in 10 read 60 write 30 (0+0) out 7 reasoning 4",
            OutputCharacters = 13,
        });
        ReadBody.Observe(new OpenAIResponsesParser(), true, body).Output.Should().Equal(
            "Reasoning 0:so", "Reasoning 0:hm", "Text 0:Hi", "Refusal 0:No.", "ToolName 0:find", "ToolArguments 0:{}", "ToolName 0:run",
            "ToolArguments 0:ls");
    }

    [Theory]
    [InlineData("""{"type":"reasoning","summary":[{"text":"hm","type":"summary_text"}]}""", "Reasoning 0:hm")]
    [InlineData("""{"summary":[{"text":"hm"}],"content":[{"text":"so"}],"type":"reasoning"}""", "Reasoning 0:hm|Reasoning 0:so")]
    [InlineData("""{"content":[{"text":"Hi","type":"text"}],"type":"message"}""", "Text 0:Hi")]
    [InlineData("""{"type":"message","content":[{"refusal":"No.","type":"refusal"}]}""", "Refusal 0:No.")]
    public void The_item_decides_the_kind_of_its_parts_whatever_their_order_and_type(string item, string output) =>
        ReadBody.Observe(new OpenAIResponsesParser(), true, $$"""{"object":"response","status":"completed","output":[{{item}}]}""")
            .Output.Should().Equal(output.Split('|'));

    [Theory]
    [InlineData(
        """{"type":"response.failed","response":{"id":"r","status":"failed","error":{"code":"rate_limit_exceeded","message":"m"}}}""",
        "rate_limit_exceeded", 429)]
    [InlineData("""{"type":"response.failed","response":{"id":"r","status":"failed","error":{"code":"server_error","message":"m"}}}""",
        "server_error", 502)]
    [InlineData("""{"type":"error","code":"rate_limit_exceeded","message":"m","param":null,"sequence_number":3}""",
        "rate_limit_exceeded", 429)]
    [InlineData("""{"type":"error","code":"ERR","message":"m"}""", "ERR", 502)]
    [InlineData("""{"type":"error","sequence_number":3,"error":{"type":"invalid_request_error","code":null,"message":"m"}}""",
        "invalid_request_error", 400)]
    public void An_error_is_the_outcome_as_the_first_event_later_and_as_a_whole_body(string error, string type, int status)
    {
        foreach (ReadBody read in new[] { ReadBody.OfEvents(error), ReadBody.OfEvents(Created, error), ReadBody.Of(error) })
        {
            read.Should().BeEquivalentTo(new { Outcome = StreamOutcome.ProviderError, StatusCode = status, Protocol = "openai-responses" });
            read.State.Error.Should().BeEquivalentTo(new { Type = type, Message = "m" });
        }
    }

    [Fact]
    public void A_whole_response_that_failed_is_a_provider_error() =>
        ReadBody.Of("""{"id":"r","object":"response","status":"failed","error":{"code":"server_error","message":"m"},"usage":null}""")
            .Should().BeEquivalentTo(new { Outcome = StreamOutcome.ProviderError, StatusCode = 502 });

    [Theory]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("\"x\"")]
    [InlineData("1099511627777")]
    public void A_count_that_makes_no_sense_is_ignored_and_the_rest_counts(string count)
    {
        ReadBody read = ReadBody.OfEvents(Created,
            $$"""{"type":"response.completed","response":{"status":"completed","usage":{"input_tokens":{{count}},"output_tokens":7} } }""");

        read.Should().BeEquivalentTo(new { Counts = "in 0 read 0 write 0 (0+0) out 7 reasoning -", IgnoredCounts = 1 });
    }

    [Theory]
    // Items as they are done, tool_usage of the terminal response, and what counts as used.
    [InlineData("""[{"type":"web_search_call","action":{"type":"search","query":"q"}},{"type":"web_search_call","action":"""
        + """{"type":"open_page"}},{"type":"web_search_call","action":{"type":"find_in_page"}},{"type":"web_search_call"}]""",
        "null", "web_search_requests 2")]
    [InlineData("""[{"type":"file_search_call"},{"type":"code_interpreter_call","code":"1"},{"type":"image_generation_call"},"""
        + """{"type":"mcp_call","name":"n"},{"type":"function_call","name":"f"},{"type":"message"}]""",
        "null", "code_interpreter_requests 1, file_search_requests 1, image_generation_requests 1, mcp_requests 1")]
    [InlineData("""[{"type":"web_search_call"},{"type":"web_search_call"}]""",
        """{"web_search":{"num_requests":1},"image_gen":{"input_tokens":0}}""", "web_search_requests 1")]
    [InlineData("""[{"type":"web_search_call"},{"type":"file_search_call"}]""",
        """{"web_search":{"num_requests":3}}""", "file_search_requests 1, web_search_requests 3")]
    [InlineData("""[]""", """{"web_search":{"num_requests":"x"},"other":7}""", "")]
    public void Server_tools_count_by_tool_usage_or_else_by_their_finished_calls(string items, string toolUsage, string expected)
    {
        using var list = System.Text.Json.JsonDocument.Parse(items);
        string[] done = [.. list.RootElement.EnumerateArray().SelectMany(i => new[] { """{"type":"response.output_item.added","item":"""
            + $$"""{{i.GetRawText()}} }""", $$"""{"type":"response.output_item.done","item":{{i.GetRawText()}} }""" })];
        string response = $$"""{"object":"response","tool_usage":{{toolUsage}},"status":"completed","output":{{items}} }""";
        string outputFirst = $$"""{"object":"response","output":{{items}},"status":"completed","tool_usage":{{toolUsage}} }""";

        ReadBody streamed = ReadBody.OfEvents([Created, .. done, $$"""{"type":"response.completed","response":{{response}} }"""]);

        foreach (ReadBody read in new[] { streamed, ReadBody.Of(response), ReadBody.Of(outputFirst) })
        {
            string.Join(", ", read.State.ServerToolUse.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => $"{t.Key} {t.Value}"))
                .Should().Be(expected);
        }
    }
}
