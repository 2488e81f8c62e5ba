using System.Text;
using System.Text.RegularExpressions;
using StreamUsage.Accounting;
using StreamUsage.Tests.Conformance;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>Amazon Bedrock: a model's own events in an event stream, Converse as a stream and whole, exceptions,
/// damage.</summary>
public sealed class BedrockTests
{
    private const string Metrics = "\"amazon-bedrock-invocationMetrics\":{\"inputTokenCount\":25,\"outputTokenCount\":15,"
        + "\"invocationLatency\":669,\"firstByteLatency\":487,\"cacheReadInputTokenCount\":7,\"cacheWriteInputTokenCount\":3}";
    private const string Start = """{"type":"message_start","message":{"id":"msg_bdrk_1","model":"claude-sonnet-4-5","usage":"""
        + """{"input_tokens":25,"cache_read_input_tokens":7,"cache_creation_input_tokens":3,"output_tokens":2}}}""";
    private const string Text =
        """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Twenty-four characters.."}}""";
    private const string Delta = """{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}""";

    private static EventStreamBytes Claude =>
        new EventStreamBytes().Chunk(Start).Chunk(Text).Chunk(Delta).Chunk("{\"type\":\"message_stop\"," + Metrics + "}");

    private static EventStreamBytes Converse => new EventStreamBytes()
        .Event("messageStart", """{"p":"ab","role":"assistant"}""")
        .Event("contentBlockDelta", """{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Hm. "}},"p":"a"}""")
        .Event("contentBlockDelta", """{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"c2ln"}}}""")
        .Event("contentBlockDelta", """{"contentBlockIndex":1,"delta":{"text":"Hello"},"p":"abc"}""")
        .Event("contentBlockStop", """{"contentBlockIndex":1}""")
        .Event("contentBlockStart", """{"contentBlockIndex":2,"start":{"toolUse":{"name":"weather","toolUseId":"t"}}}""")
        .Event("contentBlockDelta", """{"contentBlockIndex":2,"delta":{"toolUse":{"input":"{\"city\":"}}}""")
        .Event("messageStop", """{"additionalModelResponseFields":{"stop_sequence":"END"},"stopReason":"tool_use"}""")
        .Event("metadata", """{"metrics":{"latencyMs":1},"performanceConfig":{"latency":"optimized"},"serviceTier":{"type":"priority"}"""
            + ""","trace":{"promptRouter":{"invokedModelId":"m"}},"usage":{"inputTokens":30,"outputTokens":21,"totalTokens":80"""
            + ""","cacheReadInputTokens":14,"cacheWriteInputTokens":15,"cacheDetails":[{"inputTokens":6,"ttl":"1h"},"""
            + """{"inputTokens":9,"ttl":"5m"}]}}""");

    [Fact]
    public void Usage_that_is_stated_twice_counts_once() => EachWay(Claude.ToArray(), ApiFormat.Auto, read =>
    {
        read.Should().BeEquivalentTo(new
        {
            Protocol = "anthropic-messages",
            Format = ApiFormat.Claude,
            Outcome = StreamOutcome.Completed,
            EventCount = 4,
            SkippedEvents = 0,
            OutputCharacters = 24,
        });
        read.Counts.Should().Be("in 25 read 7 write 3 (0+0) out 15 reasoning -");
        read.State.Should().Match<UsageAccumulator>(
            s => s.ResponseId == "msg_bdrk_1" && s.StopReason == "end_turn" && s.Model == "claude-sonnet-4-5");
        read.UsageJson.Should().NotContain("TokenCount");
    });

    [Theory]
    [InlineData("BEDROCK", "BEDROCK")]
    [InlineData("CLAUDE_CLI", "CLAUDE_CLI")]
    [InlineData("OPENAI", "CLAUDE")]
    public void The_callers_name_is_kept_where_the_stream_speaks_it(string named, string expected) =>
        ReadBody.Of(Claude.ToArray(), new ApiFormat(named)).Format.Should().Be(new ApiFormat(expected));

    [Fact]
    public void The_metrics_stand_for_what_the_events_have_not_said() =>
        EachWay(new EventStreamBytes().Chunk("""{"type":"message_start","message":{"id":"m"}}""")
            .Chunk(Text).Chunk("{\"type\":\"message_stop\"," + Metrics + "}").ToArray(), ApiFormat.Bedrock, read =>
            {
                read.Counts.Should().Be("in 25 read 7 write 3 (0+0) out 15 reasoning -");
                (read.State.IsInputReported, read.State.IsOutputReported, read.Outcome).Should().Be((true, true, StreamOutcome.Completed));
                read.UsageJson.Should().Contain("\"inputTokenCount\":25");
            });

    [Fact]
    public void The_metrics_replace_the_placeholder_of_the_output_alone() =>
        EachWay(new EventStreamBytes().Chunk(Start.Replace("25", "24", StringComparison.Ordinal))
            .Chunk("{\"type\":\"message_stop\"," + Metrics + "}").ToArray(), ApiFormat.Bedrock, read =>
            {
                read.Counts.Should().Be("in 24 read 7 write 3 (0+0) out 15 reasoning -");
                read.State.IsOutputReported.Should().BeTrue();
            });

    [Theory]
    [InlineData("null", "in 1000 read 0 write 0 (0+0) out 20 reasoning -")]
    [InlineData("""{"prompt_tokens":1000,"completion_tokens":20,"total_tokens":1020,"prompt_tokens_details":{"cached_tokens":800}}""",
        "in 200 read 800 write 0 (0+0) out 20 reasoning -")]
    public void The_metrics_of_a_chat_model_only_fill_in_what_its_usage_lacks(string usage, string counts)
    {
        const string Repeated = "\"amazon-bedrock-invocationMetrics\":{\"inputTokenCount\":1000,\"outputTokenCount\":20}";
        foreach (string last in (string[])[$"\"usage\":{usage},{Repeated}", $"{Repeated},\"usage\":{usage}"])
        {
            ReadBody read = ReadBody.Of(new EventStreamBytes().Chunk(OpenAIChatUsageTests.Chunk("{\"content\":\"x\"}"))
                .Chunk("{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]," + last + "}").ToArray());

            (read.Counts, read.Settled.Anomalies).Should().Be((counts, UsageAnomalies.None));
        }
    }

    [Fact]
    public void Converse_is_read_to_its_metadata() => EachWay(Converse.ToArray(), ApiFormat.Auto, read =>
    {
        read.Should().BeEquivalentTo(new
        {
            Protocol = "bedrock-converse",
            Format = ApiFormat.Bedrock,
            Outcome = StreamOutcome.Completed,
            EventCount = 9,
            SkippedEvents = 0,
            OutputCharacters = 4 + 5 + 8,
        });
        read.Counts.Should().Be("in 30 read 14 write 15 (9+6) out 21 reasoning -");
        read.State.Should().Match<UsageAccumulator>(s => s.StopReason == "tool_use"
            && s.StopSequence == "END" && s.ServiceTier == "priority" && s.Speed == "optimized" && s.Model == "m" && s.IsTerminal);
        read.UsageJson.Should().StartWith("{\"inputTokens\":30").And.EndWith("}]}");
    });

    [Fact]
    public void A_converse_stream_that_ends_before_its_message_does_is_interrupted()
    {
        EventStreamBytes converse = Converse;

        ReadBody.Of(converse.ToArray().AsSpan(..converse.Ends[5])).Outcome.Should().Be(StreamOutcome.Interrupted);
    }

    [Fact]
    public void A_converse_stream_without_metadata_is_complete_and_its_output_is_not_reported()
    {
        EventStreamBytes converse = Converse;

        ReadBody read = ReadBody.Of(converse.ToArray().AsSpan(..converse.Ends[7]));

        (read.Outcome, read.State.IsTerminal, read.State.IsOutputReported).Should().Be((StreamOutcome.Completed, false, false));
    }

    [Fact]
    public void A_whole_converse_answer_is_read()
    {
        ReadBody read = ReadBody.Of("""{"metrics":{"latencyMs":551},"output":"""
            + """{"message":{"content":[{"reasoningContent":{"reasoningText":{"signature":"s","text":"Hm."}}},{"text":"Hello"},"""
            + """{"toolUse":{"input":{"city":"Paris"},"name":"weather","toolUseId":"t"}},"""
            + """{"citationsContent":{"citations":[{"sourceContent":[{"text":"not the model's"}]}],"content":[{"text":"cited"}]}}]"""
            + ""","role":"assistant"}},"stopReason":"tool_use","usage":{"inputTokens":30,"outputTokens":21,"totalTokens":51}}""",
            pieceLength: 3);

        read.Should().BeEquivalentTo(new
        {
            Protocol = "bedrock-converse",
            Format = ApiFormat.Bedrock,
            Outcome = StreamOutcome.Completed,
            OutputCharacters = 3 + 5 + 16 + 5,
        });
        read.Counts.Should().Be("in 30 read 0 write 0 (0+0) out 21 reasoning -");
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\n\n")]
    public void Converse_events_under_their_names_are_read_as_lines_and_as_server_sent_events(string ends)
    {
        string[] events =
        [
            """{"messageStart":{"role":"assistant"}}""",
            """{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"Hello"}}}""", """{"messageStop":{"stopReason":"end_turn"}}""",
            """{"metadata":{"usage":{"inputTokens":3,"outputTokens":4,"totalTokens":7}}}""",
        ];

        ReadBody read = ReadBody.Of(string.Concat(events.Select(e => (ends.Length == 2 ? "data: " : "") + e + ends)));

        read.Should().BeEquivalentTo(
            new { Protocol = "bedrock-converse", Outcome = StreamOutcome.Completed, EventCount = 4, OutputCharacters = 5 });
        (read.Usage.InputTokens, read.Usage.OutputTokens, read.State.IsTerminal).Should().Be((3, 4, true));
        ReadBody.Of((ends.Length == 2 ? "data: " : "") + events[0] + ends).Outcome.Should().Be(StreamOutcome.Interrupted);
    }

    [Theory]
    [InlineData("throttlingException", 429)]
    [InlineData("ThrottlingException", 429)]
    [InlineData("modelStreamErrorException", 424)]
    [InlineData("validationException", 400)]
    [InlineData("internalServerException", 500)]
    [InlineData("serviceUnavailableException", 503)]
    [InlineData("modelTimeoutException", 408)]
    [InlineData("someNewException", 502)]
    public void An_exception_is_an_error_of_its_status(string type, int status)
    {
        EachWay(new EventStreamBytes().Exception(type, """{"message":"No more."}""").ToArray(),
            ApiFormat.Auto, read => Verify(read, "bedrock-converse"));
        EachWay(new EventStreamBytes().Exception(type, """{"message":"No more."}""").ToArray(),
            ApiFormat.Claude, read => Verify(read, "anthropic-messages"));
        EachWay(new EventStreamBytes().Event("messageStart", "{}").Exception(type, """{"message":"No more."}""").ToArray(),
            ApiFormat.Auto, read => Verify(read, "bedrock-converse"));
        EachWay(new EventStreamBytes().Chunk(Start).Exception(type, """{"message":"No more."}""").ToArray(),
            ApiFormat.Auto, read => Verify(read, "anthropic-messages"));

        void Verify(ReadBody read, string protocol)
        {
            (read.Protocol, read.Outcome, read.StatusCode).Should().Be((protocol, StreamOutcome.ProviderError, status));
            read.State.Error.Should().BeEquivalentTo(new { Type = type, Message = "No more." });
        }
    }

    [Fact]
    public void An_exception_without_a_payload_and_an_error_in_headers_alone_are_errors()
    {
        ReadBody.Of(new EventStreamBytes().Exception("throttlingException", "").ToArray()).StatusCode.Should().Be(429);

        ReadBody read = ReadBody.Of(new EventStreamBytes().Chunk(Start).Message(
            [(":error-code", "internalServerException"), (":error-message", "\"Broken\"\n"), (":message-type", "error")], "").ToArray());

        (read.Outcome, read.StatusCode).Should().Be((StreamOutcome.ProviderError, 500));
        read.State.Error.Should().BeEquivalentTo(new { Type = "internalServerException", Message = "\"Broken\"\n" });
    }

    [Fact]
    public void A_damaged_message_ends_the_reading_and_what_was_read_stands()
    {
        EventStreamBytes claude = Claude;
        byte[] stream = claude.ToArray();
        stream[claude.Ends[1] + 40] ^= 1;

        EachWay(stream, ApiFormat.Auto, read =>
        {
            read.Should().BeEquivalentTo(new
            {
                Protocol = "anthropic-messages",
                Outcome = StreamOutcome.Interrupted,
                StatusCode = 502,
                EventCount = 2,
                SkippedEvents = 1,
                OutputCharacters = 24,
            });
            (read.State.IsInputReported, read.State.IsOutputReported).Should().Be((true, false));
        });
        stream[0] = 0;
        stream[1] = 0xFF;
        ReadBody.Of(stream).Should().BeEquivalentTo(
            new { Protocol = (string?)null, Outcome = StreamOutcome.Unreadable, EventCount = 0, SkippedEvents = 1 });
    }

    [Theory]
    [InlineData("""{"bytes":"%%%%"}""")]
    [InlineData("""{"bytes":7}""")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"bytes\":")]
    [InlineData("""{"p":"x"}""")]
    public void A_chunk_that_is_no_base64_is_skipped(string payload) =>
        ReadBody.Of(new EventStreamBytes().Chunk(Start).Event("chunk", payload).Chunk("{\"type\":\"message_stop\"}").ToArray())
            .Should().BeEquivalentTo(new { Protocol = "anthropic-messages", Outcome = StreamOutcome.Completed, EventCount = 3 });

    [Fact]
    public void A_message_over_the_limit_is_read_as_it_passes()
    {
        string text = new('x', 10_000);
        EventStreamBytes claude = new EventStreamBytes()
            .Chunk(Start.Replace("\"id\"", "\"content\":\"" + text + "\",\"id\"", StringComparison.Ordinal))
            .Chunk(Text.Replace("Twenty", text, StringComparison.Ordinal)).Chunk(Delta);
        EventStreamBytes converse = new EventStreamBytes()
            .Event("messageStart", "{}").Event("metadata", "{\"trace\":\"" + text + "\",\"usage\":{\"inputTokens\":3,\"outputTokens\":4}}");
        foreach (int pieceLength in (int[])[1, 100, 5_000, 100_000])
        {
            ReadBody.Of(claude.ToArray(), default, pieceLength, maxEventBytes: 1024).Should().BeEquivalentTo(
                new { EventCount = 3, SkippedEvents = 0, Counts = "in 25 read 7 write 3 (0+0) out 15 reasoning -" });
            ReadBody.Of(converse.ToArray(), default, pieceLength, maxEventBytes: 1024)
                .Should().BeEquivalentTo(new { EventCount = 2, SkippedEvents = 0, Counts = "in 3 read 0 write 0 (0+0) out 4 reasoning -" });
        }

        ReadBody.Of(new EventStreamBytes().Chunk(Start).Event("chunk", "{\"bytes\":\"" + text + "%\"}").Chunk(Delta).ToArray(),
            maxEventBytes: 1024).Should().BeEquivalentTo(new { EventCount = 2, SkippedEvents = 1 });
    }

    [Fact]
    public async Task A_recorded_stream_in_an_event_stream_gives_the_expected_record()
    {
        SharedFiles.Require("corpus", "anthropic-messages");
        foreach (RecordedStream stream in RecordedStream.All("anthropic-messages"))
        {
            var framed = new EventStreamBytes();
            foreach (Match data in Regex.Matches(Encoding.UTF8.GetString(stream.Body), "^data: ?(.*?)\r?$", RegexOptions.Multiline))
            {
                framed.Chunk(data.Groups[1].Value);
            }

            byte[] body = framed.ToArray();
            var random = new Random(body.Length);
            foreach (int pieceLength in (int[])[1, 1400, body.Length, random.Next(1, body.Length)])
            {
                await using var tracker = new UsageTracker(new RecordingSink());
                await using Stream tracked = tracker.Track(new PiecewiseStream(body, pieceLength),
                    new UsageContext { ApiFormat = pieceLength == 1 ? ApiFormat.Claude : ApiFormat.Auto },
                    out UsageTracking tracking, new TrackedResponse { ContentType = "application/vnd.amazon.eventstream" });
                var seen = new MemoryStream();
                await tracked.CopyToAsync(seen, TestContext.Current.CancellationToken);

                seen.ToArray().Should().Equal(body);
                RecordedStreamTests.Verify(await tracking.Completion, stream);
            }
        }
    }

    // Whole, byte by byte, and in pieces of random lengths.
    private static void EachWay(byte[] body, ApiFormat format, Action<ReadBody> verify)
    {
        verify(ReadBody.Of(body, format));
        verify(ReadBody.Of(body, format, pieceLength: 1));
        var random = new Random(body.Length);
        for (int i = 0; i < 20; i++)
        {
            verify(ReadBody.Of(body, format, random.Next(2, body.Length), lengths: random));
        }
    }
}
