using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Capture;

public sealed class GeminiMessageTests
{
    [Fact]
    public async Task Thoughts_text_calls_and_code_come_in_order()
    {
        AssistantMessage message = await Captured.MessageAsync(
            Chunk("""{"text":"I ","thought":true}"""),
            Chunk("""{"thought":true,"text":"think"}"""),
            Chunk("""{"text":"There"},{"text":"fore"}"""),
            Chunk("""{"text":"","thoughtSignature":"c2ln"}"""),
            Chunk("""{"thoughtSignature":"c2lu","functionCall":{"args":{"b": 1},"name":"f","id":"1"}},"""
                + """{"functionCall":{"name":"f","args":{"b":2}}}"""),
            Chunk("""{"executableCode":{"language":"PYTHON","code":"print(1)\n"}},"""
                + """{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1\n"}}"""),
            Chunk("""{"toolCall":{"toolType":"GOOGLE_SEARCH_WEB","args":{"queries":["q"]},"id":"2"}},"""
                + """{"inlineData":{"mimeType":"image/png","data":"aWk="}}"""),
            """{"candidates":[{"content":{"parts":[{"functionCall":{"name":"now"}}],"role":"model"},"finishReason":"STOP","index":0}]"""
                + ""","responseId":"r","modelVersion":"gemini","usageMetadata":{"promptTokenCount":3}}""");

        message.Lines().Should().Equal(
            "thinking 'I think'",
            "text 'Therefore' signed c2ln",
            """tool_use f #1 {"b": 1} signed c2lu""",
            """tool_use f {"b":2}""",
            "executableCode \"print(1)\\n\"",
            "codeExecutionResult",
            """toolCall GOOGLE_SEARCH_WEB #2 {"queries":["q"]}""",
            "inlineData",
            "tool_use now {}");
        message.Should().BeEquivalentTo(new { Id = "r", Role = "model", Model = "gemini", StopReason = "STOP" });
    }

    [Fact]
    public async Task Candidates_are_kept_apart()
    {
        AssistantMessage message = await Captured.MessageAsync(
            """{"candidates":[{"content":{"parts":[{"text":"A"}]},"index":0},{"content":{"parts":[{"text":"B"}]},"index":1}]}""",
            """{"candidates":[{"content":{"parts":[{"text":"b"}]},"finishReason":"STOP","index":1},{"content":{"parts":[{"text":"a"}]}"""
                + ""","finishReason":"STOP","index":0}]}""");

        message.Lines().Should().Equal("text 'Aa'", "[1] text 'Bb'");
    }

    [Fact]
    public async Task Arguments_that_are_streamed_by_path_are_counted_and_not_put_together()
    {
        string body = ReadBody.Sse(
            Chunk("""{"functionCall":{"name":"f","willContinue":true}}"""),
            Chunk(
                """{"functionCall":{"partialArgs":[{"jsonPath":"$.city","stringValue":"Par","willContinue":true}],"willContinue":true}}"""),
            Chunk("""{"functionCall":{"partialArgs":[{"jsonPath":"$.city","stringValue":"is"}],"willContinue":true}}"""),
            Chunk("""{"functionCall":{}}"""),
            """{"candidates":[{"content":{"parts":[{"text":"Wait."}],"role":"model"},"finishReason":"STOP","index":0}]}""");
        UsageRecord record = await Captured.RecordAsync(Answers.Bytes(body), new StreamUsageOptions { Capture = CapturedContent.Message });

        record.Response!.Message!.Lines().Should().Equal("tool_use f {}", "text 'Wait.'");
        record.OutputCharacters.Should().Be(10);
    }

    private static string Chunk(string parts) => $$$"""{"candidates":[{"content":{"parts":[{{{parts}}}],"role":"model"},"index":0}]}""";
}
