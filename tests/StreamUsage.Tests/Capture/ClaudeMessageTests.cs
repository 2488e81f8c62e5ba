using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Capture;

public sealed class ClaudeMessageTests
{
    private const string Start = """{"type":"message_start","message":"""
        + """{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[],"usage":{"input_tokens":10"""
        + ""","output_tokens":1}}}""";
    private const string Stop = """{"type":"message_stop"}""";

    [Fact]
    public async Task Blocks_of_every_kind_come_in_order()
    {
        AssistantMessage message = await Captured.MessageAsync(
            Start,
            """{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me "}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"see.\n"}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}""",
            """{"type":"content_block_stop","index":0}""",
            """{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"b3BhcXVl"}}""",
            """{"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}""",
            """{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"N\u00e4h "}}""",
            """{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"\ud83d\ude00 \"gut\""}}""",
            """{"type":"content_block_start","index":3,"content_block":"""
                + """{"type":"server_tool_use","id":"srv_1","name":"web_search","input":{}}}""",
            """{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":""}}""",
            """{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"query\": \"a"}}""",
            """{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"b\"}"}}""",
            """{"type":"content_block_start","index":4,"content_block":{"type":"web_search_tool_result","tool_use_id":"srv_1","content":"""
                + """[{"type":"web_search_result","title":"not the model's"}]}}""",
            """{"type":"content_block_start","index":5,"content_block":{"type":"tool_use","id":"toolu_1","name":"now","input":{}}}""",
            """{"type":"content_block_stop","index":5}""",
            """{"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"END"},"usage":{"output_tokens":9}}""",
            Stop);

        message.Lines().Should().Equal(
            "thinking 'Let me see.\n' signed c2ln",
            "redacted_thinking signed b3BhcXVl",
            "text 'N\u00e4h \ud83d\ude00 \"gut\"'",
            """server_tool_use web_search #srv_1 {"query": "ab"}""",
            "web_search_tool_result #srv_1",
            "tool_use now #toolu_1 {}");
        message.Should().BeEquivalentTo(
            new { Id = "msg_1", Role = "assistant", Model = "claude", StopReason = "stop_sequence", StopSequence = "END" });
    }

    [Fact]
    public async Task Deltas_go_to_the_block_of_their_index_wherever_it_stands_in_the_event()
    {
        AssistantMessage message = await Captured.MessageAsync(
            Start,
            """{"type":"content_block_start","index":0,"content_block":{"id":"a","name":"f","input":{},"type":"tool_use"}}""",
            """{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"b","name":"g","input":{}}}""",
            """{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"[1"}}""",
            """{"delta":{"type":"input_json_delta","partial_json":"[2"},"index":0,"type":"content_block_delta"}""",
            """{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"]"}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"]"}}""",
            Stop);

        message.Lines().Should().Equal("tool_use f #a [2]", "tool_use g #b [1]");
    }

    [Fact]
    public async Task A_repeated_message_start_replaces_the_message_before_it()
    {
        AssistantMessage message = await Captured.MessageAsync(
            Start,
            """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"refused try"}}""",
            Start.Replace("msg_1", "msg_2", StringComparison.Ordinal),
            """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"Se"}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"cond"}}""",
            Stop);

        message.Lines().Should().Equal("text 'Second'");
        message.Id.Should().Be("msg_2");
    }

    [Fact]
    public async Task A_compaction_has_its_text_which_counts_as_no_output()
    {
        string body = ReadBody.Sse(
            Start,
            """{"type":"content_block_start","index":0,"content_block":{"type":"compaction","content":null}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"compaction_delta","content":"So far."}}""",
            """{"type":"content_block_stop","index":0}""",
            """{"type":"content_block_start","index":1,"content_block":{"type":"fallback","from":{"model":"a"},"to":{"model":"b"}}}""",
            """{"type":"content_block_start","index":2,"content_block":{"type":"text","text":"On."}}""",
            Stop);
        UsageRecord record = await Captured.RecordAsync(Answers.Bytes(body), new StreamUsageOptions { Capture = CapturedContent.Message });

        record.Response!.Message!.Lines().Should().Equal("compaction 'So far.'", "fallback", "text 'On.'");
        record.OutputCharacters.Should().Be(3);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public async Task A_whole_message_is_captured_like_a_stream(int pieceLength)
    {
        const string Body = """
            {"type":"message","id":"msg_1","model":"claude","content":[{"thinking":"Hm.","signature":"c2ln","type":"thinking"},
            {"type":"text","text":"Hi"},
            {"type":"tool_use","id":"t","name":"find","input":{"q": 1}},{"type":"tool_use","id":"u","name":"now","input":{}}],
            "role":"assistant","stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":1}}
            """;

        AssistantMessage message = (await Captured.ResponseAsync(Body, pieceLength: pieceLength)).Message!;

        message.Lines()
            .Should().Equal("thinking 'Hm.' signed c2ln", "text 'Hi'", """tool_use find #t {"q": 1}""", "tool_use now #u {}");
        message.Should().BeEquivalentTo(new { Id = "msg_1", Role = "assistant", StopReason = "tool_use" });
    }

    [Fact]
    public async Task Of_a_stream_that_was_cut_there_is_what_was_there_so_far()
    {
        AssistantMessage message = await Captured.MessageAsync(
            Start,
            """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Wait"}}""",
            """{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}""",
            """{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"x\":"}}""",
            """{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"b","name":"g","input":{}}}""");

        message.Lines().Should().Equal("text 'Wait'", """tool_use f #a {"x":""", "tool_use g #b"); // Whether g has an input is not known.
        message.StopReason.Should().BeNull();
    }

    [Fact]
    public async Task A_stream_taken_up_in_the_middle_of_a_block_has_the_block_by_its_deltas()
    {
        AssistantMessage message = await Captured.MessageAsync(
            """{"type":"content_block_delta","index":3,"delta":{"type":"thinking_delta","thinking":"…so"}}""",
            """{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"1}"}}""",
            """{"type":"content_block_delta","index":5,"delta":{"type":"text_delta","text":"Yes"}}""",
            Stop);

        message.Lines().Should().Equal("thinking '…so'", "tool_use 1}", "text 'Yes'");
    }
}
