using System.Globalization;
using FluentAssertions.Execution;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>What those who speak Chat Completions and Responses do differently, each as a small stream of its own; told
/// by the fields that are there, never by a provider's name.</summary>
public sealed class DialectTests
{
    private const string Finish = """{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""";

    public static TheoryData<string, string, string, string?> Streams { get; } = new()
    {
        { "DeepSeek", Chat("""{"role":"assistant","content":null,"reasoning_content":"hm"}""",
            """{"id":"c","choices":[{"index":0,"delta":{"content":"","reasoning_content":null},"finish_reason":"stop"}],"usage":"""
                + """{"prompt_tokens":18,"completion_tokens":219,"total_tokens":237,"prompt_tokens_details":{"cached_tokens":10}"""
                + ""","completion_tokens_details":{"reasoning_tokens":205},"prompt_cache_hit_tokens":10,"prompt_cache_miss_tokens":8}}"""),
            "in 8 read 10 write 0 (0+0) out 219 reasoning 205", null },
        { "Groq", Chat("""{"content":"hi"}""", """{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":"""
            + """{"id":"req_1","usage":{"queue_time":0.2,"prompt_tokens":50,"prompt_time":0.3,"completion_tokens":9,"completion_time":0.8"""
            + ""","total_tokens":59,"completion_tokens_details":{"reasoning_tokens":3}},"usage_breakdown":"""
            + """{"models":[{"model":"m","usage":{"prompt_tokens":999,"completion_tokens":999}}]}}}"""),
            "in 50 read 0 write 0 (0+0) out 9 reasoning 3", null },
        { "xAI", Chat("""{"reasoning_content":"hm"}""", """{"id":"c","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":2"""
            + ""","total_tokens":354,"prompt_tokens_details":{"text_tokens":12,"audio_tokens":0,"image_tokens":0,"cached_tokens":11}"""
            + ""","completion_tokens_details":{"reasoning_tokens":340,"audio_tokens":0},"num_sources_used":0"""
            + ""","cost_in_usd_ticks":1721250}}"""), "in 1 read 11 write 0 (0+0) out 342 reasoning 340", "0.000172125" },
        { "OpenRouter", ": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n"
            + Chat("""{"content":"","reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm"}]}""", Finish,
                """{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":"""
                    + """{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"cost":0.0145476,"is_byok":false"""
                    + ""","prompt_tokens_details":{"cached_tokens":30,"cache_write_tokens":40,"audio_tokens":0,"video_tokens":0}"""
                    + ""","cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":0.1}"""
                    + ""","completion_tokens_details":{"reasoning_tokens":5,"image_tokens":0}}}"""),
            "in 30 read 30 write 40 (0+0) out 20 reasoning 5", "0.0145476" },
        { "Moonshot", Chat("""{"content":"hi"}""", """{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":"""
            + """{"prompt_tokens":19,"completion_tokens":21,"total_tokens":40,"cached_tokens":10}}]}"""),
            "in 9 read 10 write 0 (0+0) out 21 reasoning -", null },
        { "Perplexity", Chat("""{"content":"hi"}""", """{"id":"c","model":"sonar","usage":{"prompt_tokens":11,"completion_tokens":1"""
            + ""","total_tokens":12,"citation_tokens":7},"citations":["https://example.com/"],"object":"chat.completion.chunk","choices":"""
            + """[{"index":0,"delta":{"content":"a"}}]}""",
            """{"id":"c","model":"sonar","usage":{"prompt_tokens":33,"completion_tokens":7163,"total_tokens":7196"""
                + ""","search_context_size":"low","citation_tokens":7150,"num_search_queries":18,"reasoning_tokens":73997"""
                + ""","cost":{"input_tokens_cost":0.001,"output_tokens_cost":0.002,"request_cost":0.005,"total_cost":0.008}}"""
                + ""","object":"chat.completion.done","choices":[{"index":0,"delta":{"content":""},"message":"""
                + """{"role":"assistant","content":""},"finish_reason":"stop"}]}"""),
            "in 33 read 0 write 0 (0+0) out 88310 reasoning 73997", "0.008" },
        { "Mistral", Chat("""{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"hi"}]}""",
            """{"id":"c","choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":86"""
                + ""","total_tokens":789,"completion_tokens":703,"num_cached_tokens":85}}"""),
            "in 86 read 0 write 0 (0+0) out 703 reasoning -", null },
        { "vLLM", Chat("""{"role":"assistant","content":""}""", """{"id":"c","choices":[{"index":0,"delta":{"content":"a"}}],"usage":"""
            + """{"prompt_tokens":30,"total_tokens":31,"completion_tokens":1}}""", """{"id":"c","choices":"""
                + """[{"index":0,"delta":{"content":"b"},"finish_reason":"stop","stop_reason":null}],"usage":{"prompt_tokens":30"""
                + ""","total_tokens":32,"completion_tokens":2}}""",
            """{"id":"c","choices":[],"usage":{"prompt_tokens":30,"total_tokens":33,"completion_tokens":3}}"""),
            "in 30 read 0 write 0 (0+0) out 3 reasoning -", null },
        { "Fireworks", Chat("""{"content":"hi"}""", """{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":"""
            + """{"prompt_tokens":30,"total_tokens":40,"completion_tokens":10,"prompt_tokens_details":{"cached_tokens":6}}}"""),
            "in 24 read 6 write 0 (0+0) out 10 reasoning -", null },
        { "Together", Chat("""{"token_id":7,"role":"assistant","content":"hi","tool_calls":null}""",
            """{"id":"c","choices":[{"index":0,"text":"","logprobs":null,"finish_reason":"eos","seed":1,"delta":{"token_id":9"""
                + ""","content":""}}],"usage":{"prompt_tokens":30,"completion_tokens":10,"total_tokens":40,"cached_tokens":6}}"""),
            "in 24 read 6 write 0 (0+0) out 10 reasoning -", null },
        { "Cerebras", Chat("""{"reasoning":"hm"}""", """{"id":"c","choices":[{"delta":{},"finish_reason":"stop","index":0}],"usage":"""
            + """{"total_tokens":40,"completion_tokens":10,"completion_tokens_details":{"accepted_prediction_tokens":0"""
            + ""","rejected_prediction_tokens":0},"prompt_tokens":30,"prompt_tokens_details":{"cached_tokens":0}},"time_info":"""
            + """{"queue_time":0.1}}"""), "in 30 read 0 write 0 (0+0) out 10 reasoning -", null },
        { "Alibaba's explicit cache", Chat("""{"content":"hi"}""", Finish, """{"id":"c","choices":[],"usage":{"prompt_tokens":2000"""
            + ""","completion_tokens":10,"total_tokens":2010,"prompt_tokens_details":{"cached_tokens":0"""
            + ""","cache_type":"ephemeral","cache_creation_input_tokens":1500,"cache_creation":{"ephemeral_5m_input_tokens":1500}}}}"""),
            "in 500 read 0 write 1500 (1500+0) out 10 reasoning -", null },
        { "MiniMax", Chat("""{"content":"hi","role":"assistant"}""", """{"id":"c","choices":[{"finish_reason":"stop","index":0,"message":"""
            + """{"content":"hi","role":"assistant"}}],"object":"chat.completion","usage":{"total_tokens":30,"prompt_tokens":20"""
            + ""","completion_tokens":10}}"""), "in 20 read 0 write 0 (0+0) out 10 reasoning -", null },
        { "Qwen", Chat("""{"content":null,"reasoning_content":"hm"}""", """{"id":"c","choices":[],"usage":{"prompt_tokens":44"""
            + ""","completion_tokens":100,"total_tokens":144,"completion_tokens_details":{"reasoning_tokens":80,"text_tokens":20}"""
            + ""","prompt_tokens_details":{"text_tokens":44}}}"""), "in 44 read 0 write 0 (0+0) out 100 reasoning 80", null },
        { "GLM", Chat("""{"role":"assistant","reasoning_content":"hm"}""", """{"id":"c","request_id":"q","choices":"""
            + """[{"index":0,"finish_reason":"stop","delta":{"role":"assistant","content":""}}],"usage":{"prompt_tokens":20"""
            + ""","completion_tokens":10,"total_tokens":30,"prompt_tokens_details":{"cached_tokens":2}}}"""),
            "in 18 read 2 write 0 (0+0) out 10 reasoning -", null },
        { "HuggingFace", Chat("""{"role":"assistant","content":"hi"}""", """{"id":"","object":"chat.completion.chunk","choices":[]"""
            + ""","usage":{"prompt_tokens":20,"completion_tokens":10,"total_tokens":30,"prompt_tokens_details":null"""
            + ""","completion_tokens_details":null}}"""), "in 20 read 0 write 0 (0+0) out 10 reasoning -", null },
        { "Snowflake", Chat("""{"content":"hi"}""", """{"id":"c","model":"m","choices":[{"delta":{"content":"."}}],"usage":"""
            + """{"prompt_tokens":20,"completion_tokens":10,"total_tokens":30}}"""),
            "in 20 read 0 write 0 (0+0) out 10 reasoning -", null },
        { "Crusoe", Chat("""{"role":"assistant","content":"","reasoning_content":null}""", Finish,
            """{"id":"c","choices":[],"usage":{"prompt_tokens":20,"total_tokens":30,"completion_tokens":10"""
                + ""","prompt_tokens_details":null}}"""),
            "in 20 read 0 write 0 (0+0) out 10 reasoning -", null },
        { "Azure", ReadBody.Sse("""{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":"""
            + """[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false}}}]}""") + Chat(
                """{"content":"hi"}""",
                """{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"content_filter","content_filter_results":{}}]}""",
                """{"id":"c","choices":[],"usage":{"prompt_tokens":20,"completion_tokens":10,"total_tokens":30"""
                    + ""","prompt_tokens_details":null,"reasoning_tokens":0}}"""),
            "in 20 read 0 write 0 (0+0) out 10 reasoning 0", null },
        { "GitHub Copilot", ReadBody.Sse("""{"type":"response.created","response":{"id":"r","model":"m"}}""",
            """{"type":"response.output_text.delta","item_id":"a1","delta":"h","sequence_number":1}""",
            """{"type":"response.output_text.delta","item_id":"b2","delta":"i","sequence_number":2}""",
            """{"type":"response.completed","response":{"id":"r","model":"m","status":"completed","usage":{"input_tokens":20"""
                + ""","input_tokens_details":{"cached_tokens":5},"output_tokens":10,"output_tokens_details":{"reasoning_tokens":4}"""
                + ""","total_tokens":30}}}"""),
            "in 15 read 5 write 0 (0+0) out 10 reasoning 4", null },
        { "xAI Responses", ReadBody.Sse(
            """{"type":"response.created","response":{"id":"r"}}""",
            """{"type":"response.output_item.done","item":{"type":"web_search_call","action":{"type":"search"}}}""",
            """{"type":"response.completed","response":{"id":"r","status":"completed","usage":{"input_tokens":80,"input_tokens_details":"""
                + """{"cached_tokens":0},"output_tokens":20,"output_tokens_details":{"reasoning_tokens":4},"total_tokens":100"""
                + ""","num_sources_used":0,"num_server_side_tools_used":3,"cost_in_usd_ticks":123456,"server_side_tool_usage_details":"""
                + """{"web_search_calls":3}}}}"""),
            "in 80 read 0 write 0 (0+0) out 20 reasoning 4", "0.0000123456" },
        { "OpenRouter Responses", ReadBody.Sse("""{"type":"response.created","response":{"id":"r"}}""",
            """{"type":"response.completed","response":{"id":"r","status":"completed","usage":{"input_tokens":80,"output_tokens":20"""
                + ""","total_tokens":100,"cost":1.13e-05,"is_byok":false,"cost_details":{"upstream_inference_cost":null}}}}"""),
            "in 80 read 0 write 0 (0+0) out 20 reasoning -", "0.0000113" },
    };

    [Theory]
    [MemberData(nameof(Streams))]
    public void A_dialect_is_read_by_its_fields(string dialect, string body, string counts, string? cost)
    {
        foreach (int pieceLength in (int[])[int.MaxValue, 1, 100])
        {
            foreach (ApiFormat format in (ApiFormat[])[ApiFormat.OpenAI, ApiFormat.Auto])
            {
                using var scope = new AssertionScope(dialect);
                ReadBody read = ReadBody.Of(body, format, pieceLength);

                read.Should().BeEquivalentTo(new
                {
                    Format = ApiFormat.OpenAI,
                    Outcome = StreamOutcome.Completed,
                    Counts = counts,
                    SkippedEvents = 0,
                    IgnoredCounts = 0,
                });
                (read.State.IsInputReported, read.State.IsOutputReported).Should().Be((true, true));
                read.State.ReportedCost.Should().Be(cost is null ? null : decimal.Parse(cost, CultureInfo.InvariantCulture));
                read.State.ResponseId.Should().Be(body.Contains("\"r\"", StringComparison.Ordinal) ? "r" : "c");
                read.OutputCharacters.Should().BeGreaterThanOrEqualTo(
                    body.Contains("\"hi\"", StringComparison.Ordinal) || body.Contains("\"hm\"", StringComparison.Ordinal) ? 2 : 0);
            }
        }
    }

    [Theory]
    [InlineData("Perplexity", 18)]
    [InlineData("xAI Responses", 3)]
    public void Searches_that_a_provider_runs_count_under_one_name_whoever_says_it(string dialect, int searches) =>
        ReadBody.Of(Streams.Single(row => row.Data.Item1 == dialect).Data.Item2).State.ServerToolUse
            .Should().Equal(new Dictionary<string, long> { ["web_search_requests"] = searches });

    [Fact]
    public void The_details_of_tools_count_before_the_calls_in_the_output() =>
        ReadBody.Of("""{"object":"response","id":"r","status":"completed","usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2"""
            + ""","server_side_tool_usage_details":{"web_search_calls":2,"other":1,"x_search_calls":"x"}},"output":"""
            + """[{"type":"web_search_call"}]}""")
            .State.ServerToolUse.Should().Equal(new Dictionary<string, long> { ["web_search_requests"] = 2 });

    [Fact]
    public void Tokens_of_a_tool_count_under_its_name() =>
        ReadBody.Of("""{"object":"response","id":"r","status":"completed","tool_usage":{"web_search":{"num_requests":0},"image_gen":"""
            + """{"input_tokens":50,"output_tokens":1000,"total_tokens":1050}},"output":[]}""")
            .State.ServerToolUse.Should().Equal(new Dictionary<string, long>
            {
                ["web_search_requests"] = 0,
                ["image_gen_input_tokens"] = 50,
                ["image_gen_output_tokens"] = 1000,
            });

    private static string Chat(string delta, params ReadOnlySpan<string> rest) =>
        ReadBody.Sse(["""{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":"""
            + $$"""[{"index":0,"delta":{{delta}},"finish_reason":null}],"usage":null}""", .. rest, "[DONE]"]);
}
