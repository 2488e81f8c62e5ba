using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Capture;

public sealed class ConverseMessageTests
{
    [Fact]
    public async Task Blocks_of_a_stream_come_by_their_index()
    {
        AssistantMessage message = await Captured.MessageAsync(
            """{"messageStart":{"role":"assistant"}}""",
            """{"contentBlockDelta":{"delta":{"reasoningContent":{"text":"Hm"}},"contentBlockIndex":0}}""",
            """{"contentBlockDelta":{"delta":{"reasoningContent":{"signature":"c2ln"}},"contentBlockIndex":0}}""",
            """{"contentBlockDelta":{"contentBlockIndex":1,"delta":{"text":"Hel"}}}""",
            """{"contentBlockStart":{"start":{"toolUse":{"toolUseId":"t1","name":"f"}},"contentBlockIndex":2}}""",
            """{"contentBlockDelta":{"delta":{"toolUse":{"input":"{\"a\""}},"contentBlockIndex":2}}""",
            """{"contentBlockDelta":{"contentBlockIndex":1,"delta":{"text":"lo"}}}""",
            """{"contentBlockDelta":{"delta":{"toolUse":{"input":":1}"}},"contentBlockIndex":2}}""",
            """{"contentBlockDelta":{"delta":{"reasoningContent":{"redactedContent":"b3A="}},"contentBlockIndex":3}}""",
            """{"messageStop":{"stopReason":"tool_use"}}""",
            """{"metadata":{"usage":{"inputTokens":3,"outputTokens":4,"totalTokens":7}}}""");

        message.Lines()
            .Should().Equal("thinking 'Hm' signed c2ln", "text 'Hello'", """tool_use f #t1 {"a":1}""", "redacted_thinking signed b3A=");
        message.Should().BeEquivalentTo(new { Role = "assistant", StopReason = "tool_use" });
    }

    [Fact]
    public async Task A_whole_answer_is_captured_like_a_stream()
    {
        const string Body = """
            {"output":{"message":{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"Hm","signature":"c2ln"}}},
            {"text":"Hello"},
            {"toolUse":{"input":{"a": 1},"name":"f","toolUseId":"t1"}}]}},"stopReason":"tool_use","usage":{"inputTokens":3,"outputTokens":4,
            "totalTokens":7},"metrics":{"latencyMs":1}}
            """;

        (await Captured.ResponseAsync(Body)).Message!.Lines()
            .Should().Equal("thinking 'Hm' signed c2ln", "text 'Hello'", """tool_use f #t1 {"a": 1}""");
    }
}
