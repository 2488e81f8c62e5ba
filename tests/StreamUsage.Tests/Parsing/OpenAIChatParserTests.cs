using StreamUsage.Accounting;
using StreamUsage.Parsing.OpenAI;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>Chat Completions: output in all its shapes, what ends an answer, and errors.</summary>
public sealed class OpenAIChatParserTests
{
    [Fact]
    public void Chunks_as_json_lines_are_no_whole_answer()
    {
        ReadBody read = ReadBody.Of("""
            {"id":"c","choices":[{"index":0,"delta":{"content":"Hi"}}]}
            {"id":"c","choices":[{"index":0,"delta":{"content":" you"}}]}
            """);

        read.Outcome.Should().Be(StreamOutcome.Interrupted);
        read.EventCount.Should().Be(2);
    }

    [Theory]
    [InlineData("""{"role":"assistant","content":""}""", "")]
    [InlineData("""{"content":"n\u00e4\n"}""", "Text 1:n\u00e4\n")]
    [InlineData("""{"content":null,"refusal":"No."}""", "Refusal 1:No.")]
    [InlineData("""{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"A"},7]}""",
        "Reasoning 1:hm|Text 1:A")]
    [InlineData("""{"content":[{"type":"thinking","thinking":"hm"}]}""", "Reasoning 1:hm")]
    [InlineData("""{"reasoning_content":"hm"}""", "Reasoning 1:hm")]
    [InlineData("""{"reasoning":"hm","content":""}""", "Reasoning 1:hm")]
    [InlineData("""{"reasoning":"hm","reasoning_content":"hm"}""", "Reasoning 1:hm")]
    [InlineData("""{"reasoning_content":"","reasoning":"hm"}""", "Reasoning 1:hm")]
    [InlineData("""{"reasoning":null,"reasoning_content":"hm","content":"A"}""", "Reasoning 1:hm|Text 1:A")]
    [InlineData("""{"reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm"}]}""", "Reasoning 1:hm")]
    [InlineData("""{"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"find","arguments":""}},"""
        + """{"index":1,"function":{"arguments":"{\"q\":"}}]}""", "ToolName 1:find|ToolArguments 1:{\"q\":")]
    [InlineData("""{"tool_calls":[{"function":{"name":"find","arguments":{"q": [1]}}}]}""", "ToolName 1:find|ToolArguments 1:{\"q\": [1]}")]
    [InlineData("""{"tool_calls":[{"type":"custom","custom":{"name":"run","input":"ls"}}]}""", "ToolName 1:run|ToolArguments 1:ls")]
    [InlineData("""{"function_call":{"name":"find","arguments":"{}"}}""", "ToolName 1:find|ToolArguments 1:{}")]
    [InlineData("""{"audio":{"id":"a","data":"UklGRg==","transcript":"Hi"}}""", "Text 1:Hi")]
    [InlineData("""{"content":7,"tool_calls":null,"function_call":null,"audio":null,"reasoning":{"text":"x"}}""", "")]
    public void A_delta_tells_its_output(string delta, string expected)
    {
        string[] output = expected.Length == 0 ? [] : expected.Split('|');
        string indexFirst = $$"""{"choices":[{"index":1,"delta":{{delta}} }]}""";
        string indexLast = $$"""{"choices":[{"delta":{{delta}},"finish_reason":null,"index":1}]}""";
        string whole = $$"""{"object":"chat.completion","choices":[{"index":1,"message":{{delta}} }]}""";

        foreach (string json in new[] { indexFirst, indexLast, whole })
        {
            ReadBody.Observe(new OpenAIChatParser(), json == whole, json).Output.Should().Equal(output);
        }
    }

    [Fact]
    public void Choices_without_an_index_are_the_first_and_completions_have_text()
    {
        ReadBody.Observe(new OpenAIChatParser(), false, """{"choices":[{"delta":{"content":"A"}}]}""").Output.Should().Equal("Text 0:A");
        ReadBody.Observe(new OpenAIChatParser(), false, """{"object":"text_completion","choices":[{"index":0,"text":"A"}]}""").Output
            .Should().Equal("Text 0:A");
    }

    [Theory]
    [InlineData("", StreamOutcome.Interrupted)]
    [InlineData("data: [DONE]\n\n", StreamOutcome.Completed)]
    [InlineData("data: [DONE]", StreamOutcome.Completed)]
    public void Done_ends_an_answer(string end, StreamOutcome outcome) =>
        ReadBody.Of(ReadBody.Sse(OpenAIChatUsageTests.Chunk("""{"content":"x"}""")) + end).Outcome.Should().Be(outcome);

    [Theory]
    [InlineData("data: [DONE] \n\n")]
    [InlineData("data:  [DONE]\n\n")]
    [InlineData("data:[DONE]\t\r\n\r\n")]
    [InlineData("data: [DONE] ")]
    public void Done_ends_an_answer_though_it_is_padded(string done)
    {
        foreach (int pieceLength in (int[])[int.MaxValue, 1, 7])
        {
            ReadBody.Of(ReadBody.Sse(OpenAIChatUsageTests.Chunk("""{"content":"x"}""")) + done, pieceLength: pieceLength)
                .Should().BeEquivalentTo(new { Outcome = StreamOutcome.Completed, EventCount = 2, SkippedEvents = 0 });
        }
    }

    [Theory]
    [InlineData("0", StreamOutcome.Interrupted, "stop")]
    [InlineData("1", StreamOutcome.Interrupted, null)]
    [InlineData("10", StreamOutcome.Completed, "stop")]
    [InlineData("01", StreamOutcome.Completed, "stop")]
    public void Several_choices_are_complete_when_each_has_finished_and_the_first_has_the_reason(
        string finished, StreamOutcome outcome, string? reason)
    {
        string[] ends =
        [
            """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""",
            """{"choices":[{"delta":{},"finish_reason":"length","index":1}]}""",
        ];

        ReadBody read = ReadBody.OfEvents(
        [
            OpenAIChatUsageTests.Chunk("""{"content":"a"}"""),
            OpenAIChatUsageTests.Chunk("""{"content":"b"}""", 1),
            .. finished.Select(index => ends[index - '0']),
        ]);

        read.Should().BeEquivalentTo(new { Outcome = outcome, State = new { StopReason = reason } });
    }

    [Theory]
    [InlineData("null")]
    [InlineData("\"\"")]
    public void An_empty_finish_reason_finishes_nothing(string reason) =>
        ReadBody.OfEvents($$"""{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":{{reason}} }]}""").Outcome
            .Should().Be(StreamOutcome.Interrupted);

    [Fact]
    public void The_id_is_the_first_that_is_not_empty_and_the_model_the_latest()
    {
        ReadBody read = ReadBody.OfEvents(
            """{"id":"","model":"","choices":[],"prompt_filter_results":[{"prompt_index":0}]}""",
            """{"id":"first","model":"one","choices":[]}""",
            """{"id":"second","model":"two","choices":[]}""",
            """{"id":null,"model":null,"choices":[]}""");

        read.State.Should().BeEquivalentTo(new { ResponseId = "first", Model = "two" });
    }

    [Fact]
    public void A_whole_completion_is_complete()
    {
        ReadBody read = ReadBody.Of("""{"id":"c","object":"chat.completion","model":"m","choices":"""
            + """[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10"""
            + ""","completion_tokens":7}}""");

        read.Should().BeEquivalentTo(new
        {
            Outcome = StreamOutcome.Completed,
            Protocol = "openai-chat",
            Format = ApiFormat.OpenAI,
            EventCount = 1,
            OutputCharacters = 2,
        });
        read.Usage.Should().Be(new TokenUsage { InputTokens = 10, OutputTokens = 7 });
    }

    [Fact]
    public void Chunks_as_JSON_lines_or_as_an_array_are_a_stream()
    {
        string chunk = OpenAIChatUsageTests.Chunk("""{"content":"x"}""");
        const string Last = """{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":"""
            + """{"prompt_tokens":10,"completion_tokens":7}}""";

        ReadBody.Of($"{chunk}\n{chunk}\n").Should().BeEquivalentTo(new { Outcome = StreamOutcome.Interrupted, EventCount = 2 });
        ReadBody.Of($"{chunk}\n{Last}\n").Should().BeEquivalentTo(
            new { Outcome = StreamOutcome.Completed, EventCount = 2, Counts = "in 10 read 0 write 0 (0+0) out 7 reasoning -" });
        ReadBody.Of($"[{chunk},\n{Last}]").Should().BeEquivalentTo(new { Outcome = StreamOutcome.Completed, EventCount = 2 });
    }

    [Theory]
    // Perplexity: the message so far in each chunk, beside or before the delta.
    [InlineData("""{"choices":[{"index":0,"delta":{"role":"assistant","content":"a"},"message":{"role":"assistant","content":"a"}}]}""",
        """{"choices":[{"message":{"role":"assistant","content":"abc"},"index":0,"finish_reason":"stop","delta":{"content":"bc"}}]}""")]
    [InlineData("""{"choices":[{"index":0,"delta":{"content":"abc"},"message":{"content":"abc"}}]}""",
        """{"object":"chat.completion.done","choices":[{"index":0,"delta":{"content":""},"message":{"content":"abc"}"""
            + ""","finish_reason":"stop"}]}""")]
    [InlineData("""{"choices":[{"message":{"content":"abc"},"delta":{"tool_calls":[],"content":"abc"}}]}""",
        """{"choices":[{"delta":{},"finish_reason":"stop"}]}""")]
    // MiniMax: the whole message in the last frame.
    [InlineData("""{"choices":[{"index":0,"delta":{"content":"abc","role":"assistant"}}],"object":"chat.completion.chunk"}""",
        """{"choices":[{"finish_reason":"stop","index":0,"message":{"content":"abc","role":"assistant"}}]"""
            + ""","object":"chat.completion","usage":{"total_tokens":12}}""")]
    public void A_message_that_repeats_the_deltas_counts_once(string first, string last)
    {
        string body = ReadBody.Sse(first, last);
        foreach (string form in new[] { body, body + "data: [DONE]\n\n", $"{first}\n{last}\n", $"[{first},{last}]" })
        {
            foreach (int pieceLength in (int[])[int.MaxValue, 1, 40])
            {
                ReadBody.Of(form, pieceLength: pieceLength)
                    .Should().BeEquivalentTo(new { OutputCharacters = 3, Outcome = StreamOutcome.Completed, Protocol = "openai-chat" });
            }
        }
    }

    [Theory]
    [InlineData("""{"object":"chat.completion","choices":[{"message":{"content":"ab"},"finish_reason":"stop"},{"message":{"content":"c"}"""
        + ""","finish_reason":"stop"}]}""")]
    [InlineData("""{"object":"chat.completion","choices":[{"index":0,"delta":{"role":"assistant","content":"","tool_calls":[]},"message":"""
        + """{"role":"assistant","content":"abc"},"finish_reason":"stop"}]}""")]
    [InlineData("""{"object":"chat.completion","choices":[{"index":0,"message":{"content":"abc"},"delta":null,"finish_reason":"stop"}]}""")]
    [InlineData("""{"object":"chat.completion","choices":[{"index":0,"message":{"content":"abc"},"delta":"""
        + """{"role":"assistant","reasoning_details":{},"audio":7},"finish_reason":"stop"}]}""")]
    public void A_whole_answer_is_its_messages_whatever_else_its_choices_hold(string body) =>
        ReadBody.Of(body).Should().BeEquivalentTo(new { OutputCharacters = 3, Outcome = StreamOutcome.Completed });

    [Theory]
    [InlineData("""{"error":{"message":"m","type":"server_error","code":503}}""", "server_error", 503)]
    [InlineData("""{"error":{"message":"m","type":"tokens","code":"rate_limit_exceeded"}}""", "tokens", 429)]
    [InlineData("""{"error":{"message":"m"}}""", null, 502)]
    [InlineData("""{"error":"m"}""", null, 502)]
    [InlineData("""{"object":"error","message":"m","type":"BadRequestError","param":null,"code":400}""", "BadRequestError", 400)]
    [InlineData("""{"choices":[],"x_groq":{"error":{"message":"m","type":"t"}}}""", "t", 502)]
    [InlineData("""{"id":"c","choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}],"error":{"code":502,"message":"m"}}""",
        "502", 502)]
    [InlineData("""{"id":"c","choices":[{"index":0,"delta":{"content":""},"finish_reason":"error","error":{"code":529,"message":"m"}}]}""",
        "529", 529)]
    [InlineData("""{"object":"chat.completion","choices":[{"index":0,"finish_reason":"error","message":{"content":"x"},"error":"""
        + """{"code":502,"message":"m","raw":{"code":429}}}]}""", "502", 502)]
    public void An_error_is_the_outcome_whatever_follows_it(string error, string? type, int status)
    {
        string chunk = OpenAIChatUsageTests.Chunk("""{"content":"x"}""");
        ReadBody first = ReadBody.OfEvents(error);
        ReadBody named = ReadBody.Of(ReadBody.Sse(error).Replace("data", "event: error\ndata", StringComparison.Ordinal));
        ReadBody midStream = ReadBody.OfEvents(chunk, error, "[DONE]");
        ReadBody whole = ReadBody.Of(error);

        foreach (ReadBody read in new[] { first, named, midStream, whole })
        {
            read.Should().BeEquivalentTo(new { Outcome = StreamOutcome.ProviderError, StatusCode = status, Protocol = "openai-chat" });
            read.State.Error.Should().BeEquivalentTo(new { Type = type, Message = "m" });
        }
    }

    [Fact]
    public void An_error_that_is_null_is_none() =>
        ReadBody.OfEvents("""{"choices":[{"index":0,"delta":{},"finish_reason":"stop","error":null}],"error":null}""", "[DONE]").Outcome
            .Should().Be(StreamOutcome.Completed);
}
