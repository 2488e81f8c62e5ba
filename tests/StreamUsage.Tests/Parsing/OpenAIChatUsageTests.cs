using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>The usage of Chat Completions wherever and under whatever names it is said.</summary>
public sealed class OpenAIChatUsageTests
{
    [Theory]
    // Plain, and with the details.
    [InlineData("""{"prompt_tokens":10,"completion_tokens":7,"total_tokens":17}""", "in 10 read 0 write 0 (0+0) out 7 reasoning -")]
    [InlineData("""{"prompt_tokens":100,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":30}"""
        + ""","completion_tokens_details":{"reasoning_tokens":4}}""", "in 10 read 60 write 30 (0+0) out 7 reasoning 4")]
    [InlineData("""{"prompt_tokens":10,"completion_tokens":7,"prompt_tokens_details":null,"completion_tokens_details":null}""",
        "in 10 read 0 write 0 (0+0) out 7 reasoning -")]
    [InlineData(
        """{"prompt_tokens":10,"completion_tokens":7,"completion_tokens_details":{"reasoning_tokens":0,"rejected_prediction_tokens":5}}""",
        "in 10 read 0 write 0 (0+0) out 7 reasoning 0")]
    [InlineData("""{"prompt_tokens":10,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":60}}""",
        "in 0 read 10 write 0 (0+0) out 7 reasoning -")]
    // DeepSeek and Moonshot.
    [InlineData("""{"prompt_tokens":100,"completion_tokens":7,"prompt_cache_hit_tokens":60,"prompt_cache_miss_tokens":40}""",
        "in 40 read 60 write 0 (0+0) out 7 reasoning -")]
    [InlineData("""{"prompt_cache_hit_tokens":60,"prompt_tokens":100,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":61}}""",
        "in 39 read 61 write 0 (0+0) out 7 reasoning -")]
    [InlineData("""{"prompt_tokens":100,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":61},"prompt_cache_hit_tokens":60}""",
        "in 39 read 61 write 0 (0+0) out 7 reasoning -")]
    [InlineData("""{"prompt_tokens":100,"completion_tokens":7,"cached_tokens":30}""", "in 70 read 30 write 0 (0+0) out 7 reasoning -")]
    // xAI: the total tells that reasoning is not in the completion.
    [InlineData("""{"prompt_tokens":10,"completion_tokens":7,"total_tokens":22,"completion_tokens_details":{"reasoning_tokens":5}}""",
        "in 10 read 0 write 0 (0+0) out 12 reasoning 5")]
    [InlineData("""{"prompt_tokens":10,"completion_tokens":7,"total_tokens":17,"completion_tokens_details":{"reasoning_tokens":5}}""",
        "in 10 read 0 write 0 (0+0) out 7 reasoning 5")]
    [InlineData("""{"prompt_tokens":10,"completion_tokens":7,"completion_tokens_details":{"reasoning_tokens":5}}""",
        "in 10 read 0 write 0 (0+0) out 7 reasoning 5")]
    [InlineData("""{"prompt_tokens":10,"completion_tokens":7,"reasoning_tokens":5}""", "in 10 read 0 write 0 (0+0) out 7 reasoning 5")]
    // Perplexity: citations and reasoning are counted beside the completion, and left out of the total.
    [InlineData("""{"prompt_tokens":33,"completion_tokens":7163,"total_tokens":7196,"citation_tokens":7150,"num_search_queries":18"""
        + ""","reasoning_tokens":73997}""", "in 33 read 0 write 0 (0+0) out 88310 reasoning 73997")]
    [InlineData("""{"num_search_queries":0,"reasoning_tokens":5,"prompt_tokens":10,"completion_tokens":7,"total_tokens":17}""",
        "in 10 read 0 write 0 (0+0) out 12 reasoning 5")]
    [InlineData("""{"citation_tokens":4,"prompt_tokens":10,"completion_tokens":7,"total_tokens":17}""",
        "in 10 read 0 write 0 (0+0) out 11 reasoning -")]
    [InlineData("""{"prompt_tokens":10,"completion_tokens":7,"total_tokens":17,"citation_tokens":null,"num_search_queries":null"""
        + ""","reasoning_tokens":5}""", "in 10 read 0 write 0 (0+0) out 7 reasoning 5")]
    // More reasoning than output says nothing: a recorded stream counts 11 of 10.
    [InlineData("""{"prompt_tokens":10,"completion_tokens":10,"total_tokens":20,"completion_tokens_details":{"reasoning_tokens":11}}""",
        "in 10 read 0 write 0 (0+0) out 10 reasoning 11")]
    // Cache writes in the details: Alibaba's names, LiteLLM's, and several for the same.
    [InlineData("""{"prompt_tokens":2000,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":0"""
        + ""","cache_creation_input_tokens":1500,"cache_creation":{"ephemeral_5m_input_tokens":1500},"cache_type":"ephemeral"}}""",
        "in 500 read 0 write 1500 (1500+0) out 7 reasoning -")]
    [InlineData("""{"prompt_tokens":2000,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":100,"cache_creation_tokens":1500"""
        + ""","cache_creation_token_details":{"ephemeral_5m_input_tokens":300,"ephemeral_1h_input_tokens":1200}}}""",
        "in 400 read 100 write 1500 (300+1200) out 7 reasoning -")]
    [InlineData("""{"prompt_tokens":2000,"completion_tokens":7,"prompt_tokens_details":"""
        + """{"cache_creation":{"ephemeral_5m_input_tokens":1500,"ephemeral_1h_input_tokens":"x"}}}""",
        "in 500 read 0 write 1500 (1500+0) out 7 reasoning -")]
    [InlineData("""{"prompt_tokens":2000,"completion_tokens":7,"prompt_tokens_details":{"cache_creation_tokens":0"""
        + ""","cache_write_tokens":1500,"cache_creation_input_tokens":null,"cache_creation":[5]}}""",
        "in 500 read 0 write 1500 (0+0) out 7 reasoning -")]
    [InlineData(
        """{"prompt_tokens":2000,"completion_tokens":7,"prompt_tokens_details":{"cache_write_tokens":1500,"cache_creation_tokens":0}}""",
        "in 500 read 0 write 1500 (0+0) out 7 reasoning -")]
    [InlineData("""{"prompt_tokens":500,"completion_tokens":7,"cache_creation_input_tokens":1500,"cache_creation":"""
        + """{"ephemeral_5m_input_tokens":1500}}""", "in 500 read 0 write 1500 (1500+0) out 7 reasoning -")]
    // The names of Responses, as some servers say them here.
    [InlineData("""{"input_tokens":10,"output_tokens":7}""", "in 10 read 0 write 0 (0+0) out 7 reasoning -")]
    // What makes no sense is ignored, and the rest counts.
    [InlineData("""{"prompt_tokens":-1,"completion_tokens":7}""", "in 0 read 0 write 0 (0+0) out 7 reasoning -")]
    [InlineData("""{"prompt_tokens":10,"completion_tokens":7.5}""", "in 10 read 0 write 0 (0+0) out 0 reasoning -")]
    [InlineData("""{"prompt_tokens":"ten","completion_tokens":7,"total_tokens":9007199254740993}""",
        "in 0 read 0 write 0 (0+0) out 7 reasoning -")]
    [InlineData("""{"prompt_tokens":10,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":"x","cache_write_tokens":-2}}""",
        "in 10 read 0 write 0 (0+0) out 7 reasoning -")]
    [InlineData("""{"prompt_tokens":10,"completion_tokens":7,"queue_time":0.1,"num_sources_used":[1]}""",
        "in 10 read 0 write 0 (0+0) out 7 reasoning -")]
    public void A_usage_object_makes_disjoint_buckets(string usage, string expected)
    {
        ReadBody read = ReadBody.OfEvents(
            Chunk("""{"content":"x"}"""), $$"""{"id":"c","object":"chat.completion.chunk","choices":[],"usage":{{usage}} }""", "[DONE]");

        read.Counts.Should().Be(expected);
        read.UsageJson.Should().Be(usage);
        read.Outcome.Should().Be(StreamOutcome.Completed);
    }

    [Theory]
    [InlineData("""{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":7}}""")]
    [InlineData("""{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":7}}""")]
    [InlineData("""{"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":10,"completion_tokens":7}}]}""")]
    [InlineData("""{"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":9,"completion_tokens":9}}],"usage":"""
        + """{"prompt_tokens":10,"completion_tokens":7}}""")]
    [InlineData("""{"usage":{"prompt_tokens":10,"completion_tokens":7},"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":"""
        + """{"prompt_tokens":9,"completion_tokens":9}}]}""")]
    [InlineData("""{"choices":[],"x_groq":{"id":"req","usage":{"prompt_tokens":10,"completion_tokens":7}}}""")]
    [InlineData("""{"choices":[],"usage":null,"x_groq":{"usage":{"prompt_tokens":10,"completion_tokens":7}}}""")]
    [InlineData("""{"usage":{"prompt_tokens":10,"completion_tokens":7}}""")]
    public void Usage_is_found_wherever_it_stands(string last)
    {
        ReadBody read = ReadBody.OfEvents(Chunk("""{"content":"x"}"""), last, "[DONE]");

        read.Usage.Should().Be(new TokenUsage { InputTokens = 10, OutputTokens = 7 });
        read.State.Should().BeEquivalentTo(new { IsInputReported = true, IsOutputReported = true });
    }

    [Fact]
    public void Usage_in_each_choice_of_a_whole_answer_is_summed()
    {
        ReadBody read = ReadBody.Of("""{"id":"c","object":"chat.completion","choices":["""
            + """{"index":0,"message":{"content":"a"},"usage":{"prompt_tokens":19,"completion_tokens":50,"total_tokens":69}},"""
            + """{"index":1,"message":{"content":"b"},"usage":{"prompt_tokens":19,"completion_tokens":60,"total_tokens":79}}]}""");

        (read.Outcome, read.Usage)
            .Should().Be((StreamOutcome.Completed, new TokenUsage { InputTokens = 19, OutputTokens = 110 }));
    }

    [Fact]
    public void Usage_in_every_chunk_is_never_summed_and_a_null_or_absent_one_resets_nothing()
    {
        ReadBody read = ReadBody.OfEvents(
            """{"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":10,"completion_tokens":1"""
                + ""","prompt_tokens_details":{"cached_tokens":4}}}""",
            """{"choices":[{"index":0,"delta":{"content":"b"}}],"usage":{"prompt_tokens":10,"completion_tokens":2}}""",
            """{"choices":[{"index":0,"delta":{"content":"c"}}],"usage":null}""",
            """{"choices":[{"index":0,"delta":{"content":"d"}}],"usage":{"prompt_tokens":null,"completion_tokens":3}}""",
            """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""",
            "[DONE]");

        read.Counts.Should().Be("in 6 read 4 write 0 (0+0) out 3 reasoning -");
        read.UsageJson.Should().Be("""{"prompt_tokens":10,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":4}}""");
    }

    [Fact]
    public void Without_usage_nothing_is_reported()
    {
        ReadBody read = ReadBody.OfEvents(
            Chunk("""{"content":"x"}"""), """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}""", "[DONE]");

        read.State.Should().BeEquivalentTo(new { IsInputReported = false, IsOutputReported = false });
        read.UsageJson.Should().BeNull();
    }

    [Theory]
    [InlineData("""{"prompt_tokens":1,"cost":0.0123}""", "0.0123")]
    [InlineData("""{"prompt_tokens":1,"cost":1.5e-3,"cost_details":{"upstream_inference_cost":9}}""", "0.0015")]
    [InlineData("""{"prompt_tokens":1,"cost":0}""", "0")]
    [InlineData("""{"prompt_tokens":1,"cost":{"input_tokens_cost":0.001,"total_cost":0.006}}""", "0.006")]
    [InlineData("""{"prompt_tokens":1,"cost_in_usd_ticks":12345678}""", "0.0012345678")]
    [InlineData("""{"prompt_tokens":1,"cost":-1}""", null)]
    [InlineData("""{"prompt_tokens":1,"cost":"1"}""", null)]
    [InlineData("""{"prompt_tokens":1,"cost":null,"cost_in_usd_ticks":null}""", null)]
    [InlineData("""{"prompt_tokens":1,"cost":{"other":1}}""", null)]
    public void A_cost_that_the_provider_says_is_kept_in_dollars(string usage, string? expected) =>
        ReadBody.OfEvents($$"""{"choices":[],"usage":{{usage}} }""").State.ReportedCost
            .Should().Be(expected is null ? null : decimal.Parse(expected, System.Globalization.CultureInfo.InvariantCulture));

    [Fact]
    public void Subsets_by_kind_are_kept_and_but_for_citations_never_added()
    {
        ReadBody read = ReadBody.OfEvents("""
            {"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":50,
            "prompt_tokens_details":{"cached_tokens":20,"audio_tokens":5,"image_tokens":6,"video_tokens":7,
            "cached_tokens_details":{"audio_tokens":2,"image_tokens":3}},
            "completion_tokens_details":{"audio_tokens":8,"image_tokens":9},"citation_tokens":4,
            "server_tool_use":{"web_search_requests":2}}}
            """.ReplaceLineEndings(""));

        read.Usage.Should().Be(new TokenUsage
        {
            InputTokens = 80,
            CacheReadInputTokens = 20,
            OutputTokens = 54,
            InputAudioTokens = 5,
            CacheReadAudioTokens = 2,
            OutputAudioTokens = 8,
            OutputImageTokens = 9,
        });
        read.State.TokenDetails.Should().Equal(new Dictionary<string, long>
        {
            ["input_image_tokens"] = 6,
            ["input_video_tokens"] = 7,
            ["cache_read_image_tokens"] = 3,
            ["output_citation_tokens"] = 4,
        });
        read.State.ServerToolUse.Should().Equal(new Dictionary<string, long> { ["web_search_requests"] = 2 });
    }

    [Theory]
    [InlineData("\"default\"", "\"flex\"", "flex")]
    [InlineData("\"auto\"", "null", null)]
    [InlineData("\"priority\"", "\"auto\"", "priority")]
    [InlineData("\"\"", "\"\"", null)]
    public void The_service_tier_is_the_responses_and_not_the_requests_auto(string first, string second, string? expected) =>
        ReadBody.OfEvents($$"""{"choices":[],"service_tier":{{first}} }""",
            $$"""{"choices":[],"service_tier":{{second}} }""").State.ServiceTier.Should().Be(expected);

    internal static string Chunk(string delta, int index = 0) => """{"id":"c","object":"chat.completion.chunk","model":"m","choices":"""
        + $$"""[{"index":{{index}},"delta":{{delta}},"finish_reason":null}]}""";
}
