using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Capture;

public sealed class ChatMessageTests
{
    private const string Done = "[DONE]";

    [Fact]
    public async Task Reasoning_text_refusal_and_tool_calls_come_in_order()
    {
        AssistantMessage message = await Captured.MessageAsync(
            """{"id":"c1","model":"m","object":"chat.completion.chunk","choices":"""
                + """[{"index":0,"delta":{"role":"assistant","content":"","reasoning_content":"I "}}]}""",
            Chunk("""{"content":null,"reasoning_content":"think","reasoning":"think"}"""),
            Chunk("""{"content":"There"}"""),
            Chunk("""{"content":"fore","role":"assistant"}"""),
            Chunk("""{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"f","arguments":""}},"""
                + """{"index":1,"id":"call_b","type":"function","function":{"name":"g","arguments":"{\"b\""}}]}"""),
            Chunk("""{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]}"""),
            Chunk("""{"tool_calls":[{"index":1,"function":{"arguments":":2}"}},{"function":{"arguments":"1}"},"index":0}]}"""),
            Chunk("""{"refusal":"I may "}"""),
            Chunk("""{"refusal":"not."}"""),
            """{"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""",
            Done);

        message.Lines().Should().Equal("thinking 'I think'",
            "text 'Therefore'", """tool_use f #call_a {"a":1}""", """tool_use g #call_b {"b":2}""", "refusal 'I may not.'");
        message.Should().BeEquivalentTo(new { Id = "c1", Role = "assistant", Model = "m", StopReason = "tool_calls" });
    }

    [Fact]
    public async Task Choices_are_kept_apart()
    {
        AssistantMessage message = await Captured.MessageAsync(
            """{"id":"c","choices":[{"index":1,"delta":{"content":"B"}},{"index":0,"delta":{"content":"A"}}]}""",
            """{"id":"c","choices":[{"delta":{"content":"a"},"index":0}]}""",
            """{"id":"c","choices":[{"index":1,"delta":{"tool_calls":[{"index":0,"id":"x","function":{"name":"f","arguments":"{}"}}]}}]}""",
            """{"id":"c","choices":[{"index":0,"delta":{"content":"!"},"finish_reason":"stop"},"""
                + """{"index":1,"delta":{},"finish_reason":"tool_calls"}]}""",
            Done);

        message.Lines().Should().Equal("[1] text 'B'", "text 'Aa!'", "[1] tool_use f #x {}");
    }

    [Fact]
    public async Task A_call_whose_id_comes_last_or_is_empty_in_later_chunks_is_one_call()
    {
        AssistantMessage message = await Captured.MessageAsync(
            Chunk("""{"tool_calls":[{"function":{"name":"f","arguments":"{"},"index":0,"id":"call_1","type":"function"}]}"""),
            Chunk("""{"tool_calls":[{"function":{"name":"f","arguments":"}"},"index":0,"id":"","type":"function"}]}"""),
            Done);

        message.Lines().Should().Equal("tool_use f #call_1 {}");
    }

    [Fact]
    public async Task Calls_of_one_index_or_of_none_are_told_apart_by_their_ids()
    {
        AssistantMessage message = await Captured.MessageAsync(
            Chunk("""{"tool_calls":[{"index":0,"id":"1","function":{"name":"f","arguments":"{}"}}]}"""),
            Chunk("""{"tool_calls":[{"index":0,"id":"2","function":{"name":"f","arguments":"[]"}}]}"""),
            Chunk("""{"tool_calls":[{"id":"3","function":{"name":"g","arguments":{"x": 1}}},"""
                + """{"id":"4","function":{"name":"h","arguments":"3"}}]}"""),
            Done);

        message.Lines().Should().Equal("tool_use f #1 {}", "tool_use f #2 []", """tool_use g #3 {"x": 1}""", "tool_use h #4 3");
    }

    [Fact]
    public async Task Content_parts_of_thinking_and_text_are_blocks_of_their_own()
    {
        AssistantMessage message = await Captured.MessageAsync(
            Chunk("""{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm"}]}]}"""),
            Chunk("""{"content":[{"type":"thinking","thinking":[{"type":"text","text":"m."}]}]}"""),
            Chunk("""{"content":[{"type":"text","text":"So"},{"type":"reference","reference_ids":[1]}]}"""),
            Chunk("""{"content":" be it."}"""),
            Done);

        message.Lines().Should().Equal("thinking 'Hmm.'", "text 'So be it.'");
    }

    [Fact]
    public async Task The_one_function_call_of_old_and_a_custom_tool_are_calls_too()
    {
        AssistantMessage message = await Captured.MessageAsync(
            Chunk("""{"function_call":{"name":"f","arguments":""}}"""),
            Chunk("""{"function_call":{"arguments":"{\"a\""}}"""),
            Chunk("""{"function_call":{"arguments":":1}"}}"""),
            Chunk("""{"tool_calls":[{"index":0,"id":"c","type":"custom","custom":{"name":"sql","input":"SELECT \"x\""}}]}"""),
            Done);

        message.Lines().Should().Equal("""tool_use f {"a":1}""", "custom sql #c \"SELECT \\\"x\\\"\"");
    }

    [Fact]
    public async Task A_whole_completion_has_its_reasoning_before_its_text()
    {
        const string Body = """
            {"id":"c","object":"chat.completion","model":"m","choices":[
            {"index":0,"message":{"role":"assistant","content":"Four.","reasoning_content":"2+2",
            "tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"},
            {"index":1,"message":{"role":"assistant","content":null,"refusal":"No."},"finish_reason":"stop"}],
            "usage":{"prompt_tokens":1,"completion_tokens":2}}
            """;
        UsageRecord record = await Captured.RecordAsync(Answers.Bytes(Body), new StreamUsageOptions { Capture = CapturedContent.Message });

        record.Response!.Message!.Lines().Should().Equal("thinking '2+2'", "text 'Four.'", "tool_use f #t {}", "[1] refusal 'No.'");
        record.OutputCharacters.Should().Be(13);
    }

    private static string Chunk(string delta) =>
        $$"""{"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{{delta}}}]}""";
}
