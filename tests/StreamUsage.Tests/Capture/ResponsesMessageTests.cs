using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Capture;

public sealed class ResponsesMessageTests
{
    private const string MessageItem = """{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":"""
        + """[{"type":"output_text","text":"Hello","annotations":[]},{"type":"refusal","refusal":"No."}]}""";
    private const string ReasoningItem = """{"id":"rs_1","type":"reasoning","summary":[{"text":"First.","type":"summary_text"},"""
        + """{"text":"Second.","type":"summary_text"}],"encrypted_content":"ZW5j"}""";
    private const string CallItem =
        """{"arguments":"{\"a\":1}","call_id":"call_1","id":"fc_1","name":"f","status":"completed","type":"function_call"}""";
    private const string CustomItem = """{"id":"ct_1","type":"custom_tool_call","call_id":"call_2","name":"sql","input":"SELECT 1"}""";
    private const string SearchItem =
        """{"id":"ws_1","type":"web_search_call","status":"completed","action":{"type":"search","query":"q"}}""";

    private static readonly string[] Whole =
    [
        "thinking 'First.' signed ZW5j", "thinking 'Second.'", "text 'Hello'", "refusal 'No.'", """tool_use f #call_1 {"a":1}""",
        "custom_tool_call sql #call_2 \"SELECT 1\"",
        """web_search_call #ws_1 {"type":"search","query":"q"}""",
    ];

    private static readonly string Completed =
        """{"type":"response.completed","response":{"id":"resp_1","object":"response","status":"completed","model":"m","output":["""
        + string.Join(',', ReasoningItem, MessageItem, CallItem, CustomItem, SearchItem)
        + """],"usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3}}}""";

    private static readonly string[] DoneItems =
        [Done(0, ReasoningItem), Done(1, MessageItem), Done(2, CallItem), Done(3, CustomItem), Done(4, SearchItem)];

    private static readonly string[] Deltas =
    [
        """{"type":"response.output_item.added","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]"""
            + ""","encrypted_content":"begun"}}""",
        """{"type":"response.reasoning_summary_text.delta","item_id":"rs_1","output_index":0,"summary_index":0,"delta":"First."}""",
        """{"type":"response.reasoning_summary_text.delta","item_id":"rotated","output_index":0,"summary_index":1,"delta":"Sec"}""",
        """{"type":"response.reasoning_summary_text.delta","item_id":"rs_1","output_index":0,"summary_index":1,"delta":"ond."}""",
        """{"type":"response.output_item.added","output_index":1,"item":{"id":"msg_1","type":"message","role":"assistant","content":[]}}""",
        """{"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":"Hel"}""",
        """{"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":""}""",
        """{"type":"response.refusal.delta","output_index":1,"content_index":1,"delta":"No."}""",
        """{"type":"response.output_text.delta","output_index":1,"content_index":0,"delta":"lo"}""",
        """{"type":"response.output_text.done","output_index":1,"content_index":0,"text":"Hello"}""",
        """{"type":"response.output_item.added","output_index":2"""
            + ""","item":{"arguments":"","call_id":"call_1","id":"fc_1","name":"f","type":"function_call"}}""",
        """{"type":"response.output_item.added","output_index":3"""
            + ""","item":{"id":"ct_1","type":"custom_tool_call","call_id":"call_2","name":"sql","input":""}}""",
        """{"type":"response.custom_tool_call_input.delta","output_index":3,"delta":"SELECT"}""",
        """{"type":"response.function_call_arguments.delta","output_index":2,"delta":"{\"a\""}""",
        """{"type":"response.custom_tool_call_input.delta","output_index":3,"delta":" 1"}""",
        """{"type":"response.function_call_arguments.delta","output_index":2,"delta":":1}"}""",
        """{"type":"response.output_item.added","output_index":4,"item":{"id":"ws_1","type":"web_search_call","status":"in_progress"}}""",
    ];

    [Fact]
    public async Task A_message_of_deltas_done_items_and_a_terminal_event_has_nothing_twice()
    {
        AssistantMessage message = await Captured.MessageAsync([.. Deltas, .. DoneItems, Completed]);

        message.Lines().Should().Equal(Whole);
        message.Should().BeEquivalentTo(new { Id = "resp_1", Role = "assistant", Model = "m", StopReason = "completed" });
    }

    [Fact]
    public async Task Where_deltas_are_missing_done_items_or_else_the_terminal_event_fill_in()
    {
        (await Captured.MessageAsync([.. DoneItems, Completed])).Lines().Should().Equal(Whole);
        (await Captured.MessageAsync(Completed)).Lines().Should().Equal(Whole);
    }

    [Fact]
    public async Task A_terminal_event_adds_nothing_to_a_message_of_deltas_whatever_index_they_had()
    {
        AssistantMessage message = await Captured.MessageAsync(
            """{"type":"response.output_text.delta","output_index":7,"content_index":0,"delta":"Hello"}""", Completed);

        message.Lines().Should().Equal("text 'Hello'");
    }

    [Fact]
    public async Task What_fills_in_counts_as_no_output()
    {
        UsageRecord record = await Captured.RecordAsync(
            Answers.Bytes(ReadBody.Sse([.. DoneItems, Completed])), new StreamUsageOptions { Capture = CapturedContent.Message });

        record.OutputCharacters.Should().Be(0);
    }

    [Fact]
    public async Task A_whole_response_is_captured_like_a_stream()
    {
        string body = Completed["{\"type\":\"response.completed\",\"response\":".Length..^1];

        (await Captured.ResponseAsync(body)).Message!.Lines().Should().Equal(Whole);
        (await Captured.ResponseAsync(body, pieceLength: 1)).Message!.Lines().Should().Equal(Whole);
    }

    [Fact]
    public async Task A_text_that_differs_from_what_its_deltas_said_stays_what_they_said()
    {
        AssistantMessage message = await Captured.MessageAsync(
            """{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"As streamed."}""", Done(0, MessageItem));

        message.Lines().Should().Equal("text 'As streamed.'", "refusal 'No.'");
    }

    [Fact]
    public async Task Reasoning_that_is_not_shown_is_redacted_where_its_data_is_there_and_else_no_block()
    {
        AssistantMessage message = await Captured.MessageAsync(
            Done(0, """{"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"ZW5j"}"""),
            Done(1, """{"id":"rs_2","type":"reasoning","summary":[]}"""), Done(2, MessageItem));

        message.Lines().Should().Equal("redacted_thinking signed ZW5j", "text 'Hello'", "refusal 'No.'");
    }

    [Fact]
    public async Task Code_that_the_provider_runs_is_a_JSON_string()
    {
        AssistantMessage message = await Captured.MessageAsync(
            """{"type":"response.output_item.added","output_index":0,"item":{"id":"ci_1","type":"code_interpreter_call","code":""}}""",
            """{"type":"response.code_interpreter_call_code.delta","output_index":0,"delta":"print(\""}""",
            """{"type":"response.code_interpreter_call_code.delta","output_index":0,"delta":"é\")\n"}""",
            Done(0, """{"id":"ci_1","type":"code_interpreter_call","code":"print(\"é\")\n"}"""));

        message.Lines().Should().Equal("code_interpreter_call #ci_1 \"print(\\\"é\\\")\\n\"");
    }

    private static string Done(int index, string item) =>
        $$"""{"type":"response.output_item.done","output_index":{{index}},"item":{{item}}}""";
}
