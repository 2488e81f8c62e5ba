using System.Globalization;
using StreamUsage.Accounting;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Parsing;

/// <summary>Anthropic's usage object: cumulative, and merged field by field.</summary>
public sealed class ClaudeUsageTests
{
    [Theory]
    // Start's usage, the usage of message_delta, what they come to.
    [InlineData("""{"input_tokens":10,"output_tokens":1}""", """{"output_tokens":7}""", "in 10 read 0 write 0 (0+0) out 7 reasoning -")]
    [InlineData("""{"input_tokens":10,"cache_read_input_tokens":5,"cache_creation_input_tokens":3,"output_tokens":1}""",
        """{"output_tokens":7}""", "in 10 read 5 write 3 (0+0) out 7 reasoning -")]
    [InlineData("""{"input_tokens":10,"cache_read_input_tokens":5,"output_tokens":1}""",
        """{"input_tokens":11,"cache_read_input_tokens":6,"cache_creation_input_tokens":2,"output_tokens":7}""",
        "in 11 read 6 write 2 (0+0) out 7 reasoning -")]
    [InlineData("""{"input_tokens":10,"cache_read_input_tokens":5,"output_tokens":1}""",
        """{"input_tokens":null,"cache_read_input_tokens":null,"output_tokens":7}""", "in 10 read 5 write 0 (0+0) out 7 reasoning -")]
    [InlineData("""{"input_tokens":10,"cache_read_input_tokens":5,"output_tokens":1}""",
        """{"input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}""", "in 10 read 5 write 0 (0+0) out 1 reasoning -")]
    [InlineData("""{"input_tokens":0}""", """{"input_tokens":42,"output_tokens":7}""", "in 42 read 0 write 0 (0+0) out 7 reasoning -")]
    [InlineData("""{"input_tokens":1,"cache_creation_input_tokens":9,"cache_creation":{"ephemeral_5m_input_tokens":4"""
        + ""","ephemeral_1h_input_tokens":5}}""", """{"output_tokens":2}""", "in 1 read 0 write 9 (4+5) out 2 reasoning -")]
    [InlineData("""{"input_tokens":1,"cache_creation":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":5}}""",
        """{"output_tokens":2}""", "in 1 read 0 write 9 (4+5) out 2 reasoning -")]
    [InlineData("""{"input_tokens":1,"cache_creation_input_tokens":3,"cache_creation":{"ephemeral_5m_input_tokens":4"""
        + ""","ephemeral_1h_input_tokens":5}}""", """{"output_tokens":2}""", "in 1 read 0 write 9 (4+5) out 2 reasoning -")]
    [InlineData("""{"input_tokens":1,"cache_creation_input_tokens":30,"cache_creation":{"ephemeral_5m_input_tokens":4}}""",
        """{"cache_creation":{"ephemeral_1h_input_tokens":6},"output_tokens":2}""", "in 1 read 0 write 30 (4+6) out 2 reasoning -")]
    [InlineData("""{"input_tokens":10,"cache_creation_input_tokens":1000,"cache_creation":{"ephemeral_5m_input_tokens":1000}"""
        + ""","cache_read_input_tokens":0,"output_tokens":1}""",
        """{"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":1000,"output_tokens":50}""",
        "in 10 read 1000 write 0 (0+0) out 50 reasoning -")]
    [InlineData("""{"input_tokens":1,"cache_creation":{"ephemeral_5m_input_tokens":4}}""",
        """{"cache_creation":null,"output_tokens":2}""", "in 1 read 0 write 4 (4+0) out 2 reasoning -")]
    [InlineData("""{"input_tokens":1,"claude_cache_creation_5_m_tokens":4,"claude_cache_creation_1_h_tokens":5}""",
        """{"output_tokens":2}""", "in 1 read 0 write 9 (4+5) out 2 reasoning -")]
    [InlineData("""{"input_tokens":1,"claude_cache_creation_5_m_tokens":4,"cache_creation":{"ephemeral_5m_input_tokens":null}}""",
        """{"output_tokens":2}""", "in 1 read 0 write 4 (4+0) out 2 reasoning -")]
    [InlineData("""{"input_tokens":1}""",
        """{"output_tokens":9,"output_tokens_details":{"thinking_tokens":6,"other":1}}""", "in 1 read 0 write 0 (0+0) out 9 reasoning 6")]
    [InlineData("""{"input_tokens":1}""",
        """{"output_tokens":9,"output_tokens_details":{"thinking_tokens":0}}""", "in 1 read 0 write 0 (0+0) out 9 reasoning 0")]
    [InlineData("null", """{"input_tokens":3,"output_tokens":9}""", "in 3 read 0 write 0 (0+0) out 9 reasoning -")]
    [InlineData("""{"input_tokens":3,"output_tokens":1}""", "null", "in 3 read 0 write 0 (0+0) out 1 reasoning -")]
    [InlineData("""{"input_tokens":3,"unknown":{"input_tokens":99},"list":[{"output_tokens":99}],"output_tokens":1}""",
        """{"output_tokens":4}""", "in 3 read 0 write 0 (0+0) out 4 reasoning -")]
    public void Usage_of_the_delta_replaces_the_starts_field_by_field(string start, string delta, string expected) =>
        ReadBody.OfEvents(Start(start), Delta(delta), Stop).Counts.Should().Be(expected);

    [Theory]
    [InlineData("-1", true)]
    [InlineData("1.5", true)]
    [InlineData("\"x\"", true)]
    [InlineData("1099511627777", true)]
    [InlineData("99999999999999999999999999", true)]
    [InlineData("true", true)]
    [InlineData("{\"n\":1}", true)]
    [InlineData("[1]", true)]
    [InlineData("1099511627776", false)]
    [InlineData("0", false)]
    public void A_count_that_makes_no_sense_is_ignored_and_the_rest_counts(string count, bool isIgnored)
    {
        ReadBody read = ReadBody.OfEvents(Start($$"""{"input_tokens":10,"cache_read_input_tokens":{{count}},"output_tokens":1}"""),
            Delta("""{"output_tokens":7}"""), Stop);

        read.IgnoredCounts.Should().Be(isIgnored ? 1 : 0);
        read.Usage.CacheReadInputTokens.Should().Be(isIgnored ? 0 : long.Parse(count, CultureInfo.InvariantCulture));
        read.Usage.Should().BeEquivalentTo(new { InputTokens = 10, OutputTokens = 7 });
        read.UsageJson.Should().Contain("\"cache_read_input_tokens\":" + count);
    }

    [Fact]
    public void A_count_that_makes_no_sense_does_not_reset_the_one_before() =>
        ReadBody.OfEvents(Start("""{"input_tokens":10,"output_tokens":1}"""),
            Delta("""{"input_tokens":-5,"output_tokens":7}""")).Usage.InputTokens.Should().Be(10);

    [Fact]
    public void The_starts_output_is_a_placeholder_until_a_delta_reports_one()
    {
        ReadBody cut = ReadBody.OfEvents(Start("""{"input_tokens":10,"output_tokens":1}"""));
        ReadBody withoutOutput = ReadBody.OfEvents(Start("""{"input_tokens":10,"output_tokens":1}"""), Delta("""{"input_tokens":11}"""));
        ReadBody whole = ReadBody.OfEvents(Start("""{"input_tokens":10,"output_tokens":1}"""), Delta("""{"output_tokens":0}"""));

        cut.State.Should().BeEquivalentTo(new { IsInputReported = true, IsOutputReported = false, IsOutputPlaceholder = true });
        cut.Usage.OutputTokens.Should().Be(1);
        withoutOutput.State.IsOutputReported.Should().BeFalse();
        whole.State.IsOutputReported.Should().BeTrue();
        whole.Usage.OutputTokens.Should().Be(0);
    }

    [Fact]
    public void A_repeated_start_replaces_the_message()
    {
        ReadBody read = ReadBody.OfEvents(
            Start("""{"input_tokens":10,"cache_read_input_tokens":5,"output_tokens":1,"server_tool_use":{"web_search_requests":3}"""
                + ""","iterations":[{"type":"message","input_tokens":1}]}""", "msg_1", "one"),
            Delta("""{"output_tokens":50}""", "max_tokens"),
            Stop,
            Start("""{"input_tokens":20,"output_tokens":2}""", "msg_2", "two"));

        read.Counts.Should().Be("in 20 read 0 write 0 (0+0) out 2 reasoning -");
        read.State.Should().BeEquivalentTo(
            new { ResponseId = "msg_2", Model = "two", StopReason = (string?)null, IsTerminal = false, IsOutputReported = false });
        read.State.Iterations.Should().BeEmpty();
        read.State.ServerToolUse.Should().BeEmpty();
        read.UsageJson.Should().Be("""{"input_tokens":20,"output_tokens":2}""");
        read.Outcome.Should().Be(StreamOutcome.Interrupted);
    }

    [Fact]
    public void Iterations_are_kept_each_with_its_model_and_their_sum_is_billed()
    {
        ReadBody read = ReadBody.OfEvents(
            Start("""{"input_tokens":10,"output_tokens":1}"""),
            Delta("""
                {"output_tokens":612,"iterations":[
                {"type":"compaction","model":"small","input_tokens":60000,"output_tokens":385,
                "cache_creation":{"ephemeral_1h_input_tokens":2}},
                {"type":"message","input_tokens":10,"cache_read_input_tokens":4,"output_tokens":612,"extra":[1]},
                7]}
                """.ReplaceLineEndings("")),
            Stop);

        read.Usage.OutputTokens.Should().Be(612);
        read.State.Iterations.Should().BeEquivalentTo(
        [
            new UsageIteration
            {
                Type = "compaction",
                Model = "small",
                Usage =
                    new TokenUsage
                    {
                        InputTokens = 60000,
                        OutputTokens = 385,
                        CacheCreationInputTokens = 2,
                        CacheCreation1hInputTokens = 2,
                    },
            },
            new UsageIteration
            {
                Type = "message",
                Usage = new TokenUsage { InputTokens = 10, CacheReadInputTokens = 4, OutputTokens = 612 },
            },
        ]);
        ReadBody.Describe(read.State.BilledUsage).Should().Be("in 60010 read 4 write 2 (0+2) out 997 reasoning -");
    }

    [Fact]
    public void Iterations_past_the_bound_are_billed_with_one_of_their_model_or_else_with_the_last()
    {
        IEnumerable<string> calls = Enumerable.Range(0, 100).Select(
            i => $$"""{"type":"message","model":"{{(i < 50 ? i : i == 99 ? "new" : "7")}}","input_tokens":{{i}},"output_tokens":1}""");

        UsageAccumulator state = ReadBody.OfEvents(Start("""{"input_tokens":10}"""),
            Delta($$"""{"output_tokens":1,"iterations":[{{string.Join(',', calls)}}]}""")).State;

        state.BilledUsage.Should().Be(new TokenUsage { InputTokens = 99 * 100 / 2, OutputTokens = 100 });
        state.Iterations.Should().HaveCount(32);
        state.Iterations.Select(iteration => iteration.Model).Should().Equal(Enumerable.Range(0, 32).Select(i => $"{i}"));
        state.Iterations[7].Usage.Should().Be(new TokenUsage { InputTokens = 7 + Enumerable.Range(50, 49).Sum(), OutputTokens = 50 });
        state.Iterations[31].Usage.OutputTokens.Should().Be(1 + 18 + 1);
        state.Iterations[30].Usage.OutputTokens.Should().Be(1);
    }

    [Fact]
    public void Without_iterations_the_top_level_is_billed()
    {
        ReadBody read = ReadBody.OfEvents(Start("""{"input_tokens":10,"iterations":null}"""), Delta("""{"output_tokens":3}"""));

        read.State.Iterations.Should().BeEmpty();
        read.State.BilledUsage.Should().Be(read.Usage);
    }

    [Fact]
    public void Server_tools_are_cumulative_by_name()
    {
        ReadBody read = ReadBody.OfEvents(
            Start("""{"input_tokens":1,"server_tool_use":{"web_search_requests":1}}"""),
            Delta("""{"output_tokens":2,"server_tool_use":{"web_search_requests":3,"web_fetch_requests":0,"odd":"x","none":null}}"""));

        read.State.ServerToolUse.Should().Equal(new Dictionary<string, long> { ["web_search_requests"] = 3, ["web_fetch_requests"] = 0 });
    }

    [Theory]
    [InlineData("\"standard\"", "null", "standard")]
    [InlineData("\"standard\"", "\"priority\"", "priority")]
    [InlineData("\"batch\"", "\"auto\"", "batch")]
    [InlineData("\"auto\"", "\"\"", null)]
    [InlineData("7", "{\"a\":1}", null)]
    public void The_service_tier_is_the_one_that_was_served(string start, string delta, string? expected) =>
        ReadBody.OfEvents(Start($$"""{"input_tokens":1,"service_tier":{{start}}}"""),
            Delta($$"""{"output_tokens":1,"service_tier":{{delta}}}""")).State.ServiceTier.Should().Be(expected);

    [Fact]
    public void Speed_and_geography_are_kept()
    {
        ReadBody read = ReadBody.OfEvents(Start("""{"input_tokens":1,"speed":"fast","inference_geo":"eu"}"""),
            Delta("""{"output_tokens":1,"speed":null,"inference_geo":""}"""));

        read.State.Should().BeEquivalentTo(new { Speed = "fast", InferenceGeo = "eu" });
    }

    internal const string Stop = """{"type":"message_stop"}""";

    internal static string Start(string usage, string id = "msg_1", string model = "claude") =>
        $$$"""{"type":"message_start","message":{"id":"{{{id}}}","type":"message","role":"assistant","model":"{{{model}}}","content":[]"""
        + $$$""","stop_reason":null,"usage":{{{usage}}} }}""";

    internal static string Delta(string usage, string reason = "end_turn") =>
        $$"""{"type":"message_delta","delta":{"stop_reason":"{{reason}}","stop_sequence":null},"usage":{{usage}} }""";
}
