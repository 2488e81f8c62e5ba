using StreamUsage.Accounting;
using StreamUsage.Parsing;
using StreamUsage.Parsing.Gemini;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

public sealed class GeminiParserTests
{
    private const string Prompt = """{"candidates":[{"content":{"parts":[{"text":"Hello"}],"role":"model"}}],"usageMetadata":"""
        + """{"promptTokenCount":10,"totalTokenCount":10},"modelVersion":"gemini-2.5-flash","responseId":"r1"}""";
    private const string Last = """{"candidates":[{"content":{"parts":[{"text":" you"}],"role":"model"},"finishReason":"STOP","index":0}]"""
        + ""","usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":7,"thoughtsTokenCount":3"""
        + ""","toolUsePromptTokenCount":5,"totalTokenCount":25,"trafficType":"ON_DEMAND"}}""";
    private const string LastCounts = "in 11 read 4 write 0 (0+0) out 10 reasoning 3";

    [Theory]
    [InlineData($"data: {Prompt}\n\ndata: {Last}\n\n")]
    [InlineData($"[{Prompt}\n,\r\n{Last}\n]")]
    [InlineData($"{Prompt}\n{Last}\n")]
    [InlineData("data: {\"response\":" + Prompt + ",\"traceId\":\"t\"}\n\ndata: {\"traceId\":\"t\",\"response\":" + Last + "}\n\n")]
    [InlineData("[{\"response\":" + Prompt + "},{\"response\":" + Last + "}]")]
    public void Chunks_of_a_stream_are_read_in_each_of_their_framings(string body)
    {
        foreach (int pieceLength in (int[])[1, 50, int.MaxValue])
        {
            ReadBody read = ReadBody.Of(body, pieceLength: pieceLength);

            read.Should().BeEquivalentTo(new
            {
                Protocol = "gemini",
                Format = ApiFormat.Gemini,
                Outcome = StreamOutcome.Completed,
                EventCount = 2,
                OutputCharacters = 9,
                Counts = LastCounts,
            });
            read.State.Should().Match<UsageAccumulator>(
                s => s.ResponseId == "r1" && s.Model == "gemini-2.5-flash" && s.StopReason == "STOP" && s.ServiceTier == "ON_DEMAND");
            read.UsageJson.Should().StartWith("{\"promptTokenCount\":10,\"cached").And.EndWith("\"ON_DEMAND\"}");
        }
    }

    [Theory]
    [InlineData($"data: {Prompt}\n\n")]
    [InlineData($"[{Prompt}")]
    [InlineData($"[{Prompt},")]
    [InlineData($"{Prompt}\n{Prompt}\n")]
    [InlineData($"{Prompt}\n{Prompt}\n{Prompt}\n")]
    public void A_stream_that_has_not_finished_is_interrupted_in_each_framing(string body) =>
        ReadBody.Of(body).Outcome.Should().Be(StreamOutcome.Interrupted);

    [Fact]
    public void A_whole_answer_is_complete_without_a_reason() =>
        ReadBody.Of(Prompt)
            .Should().BeEquivalentTo(new { Outcome = StreamOutcome.Completed, Counts = "in 10 read 0 write 0 (0+0) out 0 reasoning -" });

    [Fact]
    public void A_whole_answer_without_an_output_count_reports_none_of_it() =>
        ReadBody.Of("""{"usageMetadata":{"promptTokenCount":3},"modelVersion":"m"}""").State.IsOutputReported.Should().BeTrue();

    [Fact]
    public void Usage_replaces_the_one_before_as_a_whole()
    {
        ReadBody read = ReadBody.OfEvents(Last.Replace(",\"finishReason\":\"STOP\"", "", StringComparison.Ordinal),
            """{"candidates":[{"finishReason":"MAX_TOKENS"}],"usageMetadata":{"promptTokenCount":1000,"thoughtsTokenCount":2}}""");

        read.Counts.Should().Be("in 1000 read 0 write 0 (0+0) out 2 reasoning 2");
        read.State.StopReason.Should().Be("MAX_TOKENS");
        read.State.IsOutputReported.Should().BeTrue();
    }

    [Fact]
    public void Usage_may_follow_the_finish_reason() =>
        ReadBody.OfEvents(
            Prompt,
            """{"candidates":[{"finishReason":"STOP"}]}""",
            """{"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":8}}""")
            .Should().BeEquivalentTo(new { Outcome = StreamOutcome.Completed, Counts = "in 10 read 0 write 0 (0+0) out 8 reasoning -" });

    [Fact]
    public void What_is_left_out_of_a_complete_answers_usage_is_0() =>
        ReadBody.OfEvents("""{"candidates":[{"finishReason":"STOP"}]}""", """{"usageMetadata":{"promptTokenCount":10}}""")
            .State.IsOutputReported.Should().BeTrue();

    [Fact]
    public void A_chunk_that_counts_its_prompt_alone_leaves_the_output_unknown()
    {
        ReadBody read = ReadBody.OfEvents(Prompt);

        (read.State.IsInputReported, read.State.IsOutputReported, read.Usage.OutputTokens).Should().Be((true, false, 0L));
    }

    [Fact]
    public void A_chunk_that_counts_its_prompt_alone_leaves_an_output_as_it_was_counted()
    {
        ReadBody read = ReadBody.OfEvents(
            """{"candidates":[{}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":50,"thoughtsTokenCount":6}}""", Prompt);

        (read.State.IsOutputReported, read.Usage.OutputTokens).Should().Be((true, 56L));
    }

    [Fact]
    public void A_chunk_that_counts_its_candidates_reports_the_output()
    {
        ReadBody read = ReadBody.OfEvents("""{"candidates":[{}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":50}}""");

        (read.State.IsOutputReported, read.Usage.OutputTokens).Should().Be((true, 50L));
    }

    [Fact]
    public void A_traffic_type_without_counts_is_kept_and_reports_nothing()
    {
        ReadBody read = ReadBody.OfEvents("""{"candidates":[{}],"usageMetadata":{"trafficType":"PROVISIONED_THROUGHPUT"}}""");

        (read.State.IsInputReported, read.State.IsOutputReported, read.UsageJson, read.State.ServiceTier)
            .Should().Be((false, false, null, "PROVISIONED_THROUGHPUT"));
    }

    [Fact]
    public void A_traffic_type_after_the_counts_leaves_them() =>
        ReadBody.OfEvents(Last, """{"usageMetadata":{"trafficType":"ON_DEMAND_FLEX"}}""")
            .Should().BeEquivalentTo(new { Counts = LastCounts, State = new { ServiceTier = "ON_DEMAND_FLEX" } });

    [Fact]
    public void Modalities_are_subsets_and_documents_are_images()
    {
        ReadBody read = ReadBody.OfEvents("""
            {"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":100,"cachedContentTokenCount":30,
            "candidatesTokenCount":20,"promptTokensDetails":[{"modality":"TEXT","tokenCount":1},{"tokenCount":5,"modality":"AUDIO"},
            {"modality":"IMAGE","tokenCount":6},{"modality":"DOCUMENT","tokenCount":7},{"modality":"VIDEO","tokenCount":8}],
            "cacheTokensDetails":[{"modality":"AUDIO","tokenCount":2},{"modality":"IMAGE","tokenCount":3},
            {"modality":"VIDEO","tokenCount":4}],"candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":9},{"modality":"AUDIO"}]}}
            """.ReplaceLineEndings(""));

        read.Counts.Should().Be("in 70 read 30 write 0 (0+0) out 20 reasoning -");
        read.Usage.Should().Match<TokenUsage>(
            u => u.InputAudioTokens == 5 && u.CacheReadAudioTokens == 2 && u.OutputImageTokens == 9 && u.OutputAudioTokens == 0);
        read.State.TokenDetails.Should().Equal(new Dictionary<string, long>
        {
            ["input_image_tokens"] = 13,
            ["input_video_tokens"] = 8,
            ["cache_read_image_tokens"] = 3,
            ["cache_read_video_tokens"] = 4,
        });
        ReadBody.OfEvents("""{"usageMetadata":{"promptTokenCount":9,"promptTokensDetails":[{"modality":"IMAGE","tokenCount":6}]}}""",
            """{"usageMetadata":{"promptTokenCount":9}}""").State.TokenDetails.Should().BeEmpty();
    }

    [Theory]
    [InlineData("""{"promptTokenCount":100,"toolUsePromptTokenCount":50,"promptTokensDetails":[{"modality":"AUDIO","tokenCount":5},"""
        + """{"modality":"IMAGE","tokenCount":6}],"toolUsePromptTokensDetails":[{"modality":"TEXT","tokenCount":1},"""
        + """{"modality":"AUDIO","tokenCount":20},{"modality":"DOCUMENT","tokenCount":3},{"modality":"VIDEO","tokenCount":8}]}""",
        25, 9, 8)]
    [InlineData("""{"toolUsePromptTokensDetails":[{"modality":"IMAGE","tokenCount":6},{"modality":"VIDEO","tokenCount":7},"""
        + """{"modality":"AUDIO","tokenCount":2}],"promptTokenCount":100,"toolUsePromptTokenCount":50}""", 2, 6, 7)]
    [InlineData("""{"toolUsePromptTokensDetails":null,"promptTokenCount":100,"toolUsePromptTokenCount":50,"promptTokensDetails":"""
        + """[{"modality":"IMAGE","tokenCount":6},{"modality":"VIDEO","tokenCount":7},{"modality":"AUDIO","tokenCount":2}]}""",
        2, 6, 7)]
    public void Modalities_of_the_prompt_of_tool_use_are_input_too(string usage, long audio, long image, long video)
    {
        ReadBody read = ReadBody.OfEvents($$"""{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{{usage}} }""");

        read.Usage.Should().Match<TokenUsage>(u => u.InputTokens == 150 && u.InputAudioTokens == audio);
        read.State.TokenDetails
            .Should().Equal(new Dictionary<string, long> { ["input_image_tokens"] = image, ["input_video_tokens"] = video });
    }

    [Fact]
    public void Details_that_every_chunk_repeats_are_kept_once()
    {
        const string Chunk = """{"candidates":[{}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":1,"promptTokensDetails":"""
            + """[{"modality":"IMAGE","tokenCount":6}]},"modelVersion":"m","responseId":"r"}""";
        var parser = new GeminiParser();
        var output = new OutputRecorder();
        UsageAccumulator first = parser.Apply(new StreamEvent(default, Answers.Bytes(Chunk)), default, output);
        UsageAccumulator second = parser.Apply(new StreamEvent(default, Answers.Bytes(Chunk)), first, output);

        second.TokenDetails.Should().BeSameAs(first.TokenDetails);
        second.Model.Should().BeSameAs(first.Model);
        second.ResponseId.Should().BeSameAs(first.ResponseId);
    }

    [Theory]
    [InlineData("""{"promptFeedback":{"blockReason":"SAFETY","safetyRatings":[]},"usageMetadata":{"promptTokenCount":8"""
        + ""","totalTokenCount":8},"modelVersion":"m"}""", "SAFETY", "Completed")]
    [InlineData(
        """{"promptFeedback":{"blockReason":"BLOCKED_REASON_UNSPECIFIED"},"usageMetadata":{"promptTokenCount":8,"totalTokenCount":8}}""",
        null, "Interrupted")]
    [InlineData("""{"promptFeedback":{"safetyRatings":[]},"candidates":[{"finishReason":"FINISH_REASON_UNSPECIFIED"}],"usageMetadata":"""
        + """{"promptTokenCount":8,"totalTokenCount":8}}""", null, "Interrupted")]
    [InlineData("""{"candidates":[{"finishReason":"RECITATION"}],"usageMetadata":{"promptTokenCount":8,"totalTokenCount":8}}""",
        "RECITATION", "Completed")]
    public void A_blocked_prompt_and_a_finished_candidate_end_the_answer(string chunk, string? stopReason, string outcome)
    {
        ReadBody read = ReadBody.OfEvents(chunk);

        (read.State.StopReason, read.Outcome.ToString(), read.Usage.InputTokens).Should().Be((stopReason, outcome, 8L));
        read.State.IsOutputReported.Should().Be(outcome == "Completed");
    }

    [Fact]
    public void Every_candidate_must_finish_and_the_first_ones_reason_counts()
    {
        const string First = """{"candidates":[{"index":0,"finishReason":"MAX_TOKENS"},{"content":{"parts":[{"text":"b"}]},"index":1}]}""";
        const string Second = """{"candidates":[{"index":1,"finishReason":"STOP"}]}""";

        ReadBody.OfEvents(First).Outcome.Should().Be(StreamOutcome.Interrupted);
        ReadBody read = ReadBody.OfEvents(First, Second);
        (read.Outcome, read.State.StopReason).Should().Be((StreamOutcome.Completed, "MAX_TOKENS"));
    }

    [Theory]
    [InlineData("""[{"error":{"code":429,"message":"Slow down","status":"RESOURCE_EXHAUSTED","details":[]}}]""", 429, "RESOURCE_EXHAUSTED")]
    [InlineData("""{"error":{"code":400,"message":"Slow down","status":"INVALID_ARGUMENT"}}""", 400, "INVALID_ARGUMENT")]
    [InlineData("""{"error":{"message":"Slow down","status":"UNAVAILABLE"}}""", 503, "UNAVAILABLE")]
    [InlineData("data: {\"error\":{\"code\":500,\"message\":\"Slow down\",\"status\":\"INTERNAL\"}}\n\n", 500, "INTERNAL")]
    public void An_error_is_read_wherever_it_stands(string body, int status, string type)
    {
        ReadBody read = ReadBody.Of(body, ApiFormat.GeminiCli);

        (read.Protocol, read.Format, read.Outcome, read.StatusCode)
            .Should().Be(("gemini", ApiFormat.GeminiCli, StreamOutcome.ProviderError, status));
        read.State.Error.Should().BeEquivalentTo(new { Message = "Slow down", Type = type });
    }

    [Fact]
    public void An_error_after_chunks_is_an_error_and_the_counts_stand() =>
        ReadBody.Of($$$"""[{{{Prompt}}},{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}]""").Should()
            .BeEquivalentTo(new { Outcome = StreamOutcome.ProviderError, StatusCode = 503, Usage = new { InputTokens = 10 } });

    [Fact]
    public void What_the_model_writes_is_told_by_its_kind()
    {
        OutputRecorder told = ReadBody.Observe(new GeminiParser(), isWholeBody: false, """
            {"candidates":[{"content":{"parts":[{"text":"a","thought":true},{"thought":true,"text":"b"},{"text":"c"},{"text":""},
            {"functionCall":{"id":"1","name":"f","args":{"x":"y"}}},{"functionCall":{"name":"g","args":{}}},
            {"functionCall":{"partialArgs":[{"jsonPath":"$.a","stringValue":"p"},{"numberValue":0.5},{"boolValue":true}]}},
            {"executableCode":{"language":"PYTHON","code":"print"}},
            {"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"not the model's"}},{"toolCall":{"toolType":"SEARCH","args":{"q":1}}},
            {"inlineData":{"mimeType":"image/png","data":"AAAA"}},"x",7]},"index":1}]}
            """.ReplaceLineEndings(""));

        told.Output.Should().Equal(
            "Reasoning 1:a", "Reasoning 1:b", "Text 1:c", "ToolName 1:f", """ToolArguments 1:{"x":"y"}""", "ToolName 1:g",
            "ToolArguments 1:p", "ToolArguments 1:0.5", "ToolArguments 1:print",
            "ToolName 1:SEARCH", """ToolArguments 1:{"q":1}""");
    }

    [Fact]
    public void Counts_that_are_none_are_ignored_and_the_rest_counts()
    {
        ReadBody read = ReadBody.OfEvents("""{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9"""
            + ""","candidatesTokenCount":"x","thoughtsTokenCount":-1,"cachedContentTokenCount":1.5,"promptTokensDetails":"""
            + """[{"modality":"AUDIO","tokenCount":1e99},{"modality":7},5]}}""");

        (read.Counts, read.IgnoredCounts).Should().Be(("in 9 read 0 write 0 (0+0) out 0 reasoning -", 4));
    }

    [Theory]
    [InlineData("""{"candidates":{},"usageMetadata":[],"promptFeedback":7,"modelVersion":{},"responseId":[],"error":null}""")]
    [InlineData("""{"candidates":[1,"x",null,[],{"content":[],"finishReason":7},{"content":{"parts":{}}},"""
        + """{"content":{"parts":[[],{"functionCall":[],"text":{},"thought":"x"}]}}]}""")]
    [InlineData("""{"response":{"response":{"usageMetadata":{"promptTokenCount":5}}}}""")]
    public void Values_of_the_wrong_kind_are_passed_by(string chunk)
    {
        ReadBody read = ReadBody.OfEvents("""{"candidates":[]}""", chunk);

        (read.Protocol, read.SkippedEvents, read.State.IsInputReported, read.OutputCharacters, read.State.Error)
            .Should().Be(("gemini", 0L, false, 0L, null));
    }
}
