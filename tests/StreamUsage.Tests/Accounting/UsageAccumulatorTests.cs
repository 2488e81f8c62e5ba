using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Anthropic;
using StreamUsage.Tests.Parsing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Accounting;

/// <summary>The state of a response after its events so far.</summary>
public sealed class UsageAccumulatorTests
{
    private static readonly Gen<string> Count = Gen.OneOf("0", "1", "17", "123456", "null", "-1", "\"x\"", "9007199254740993");

    private static readonly Gen<string> ClaudeUsage = Gen.Select(Count, Count, Count, Count, (a, b, c, d) =>
        $$"""{"input_tokens":{{a}},"cache_read_input_tokens":{{b}},"cache_creation":{"ephemeral_5m_input_tokens":{{c}} },"output_tokens":"""
        + $$"""{{d}},"server_tool_use":{"web_search_requests":{{a}} } }""");

    private static readonly Gen<string> ClaudeEvent = Gen.Frequency(
        (2, ClaudeUsage.Select(u => ClaudeUsageTests.Start(u))),
        (3, ClaudeUsage.Select(u => ClaudeUsageTests.Delta(u))),
        (2, Gen.OneOf("""{"type":"content_block_delta","delta":{"type":"text_delta","text":"\u00e4\n\ud83d\ude00 €"}}""",
            """{"type":"ping"}""", ClaudeUsageTests.Stop, "broken {")),
        (1, Gen.Const("""{"type":"error","error":{"type":"overloaded_error","message":"m"}}""")));

    private static readonly Gen<string> ChatEvent = Gen.Frequency(
        (3, Gen.Select(Count, Count, Count, Gen.Int[0, 2], (a, b, c, index) =>
            $$"""{"id":"c{{index}}","choices":[{"delta":{"content":"\u20ac{{a.Length}}"},"index":{{index}} }],"usage":"""
            + $$"""{"prompt_tokens":{{a}},"completion_tokens":{{b}},"prompt_tokens_details":{"cached_tokens":{{c}} } } }""")),
        (1, Gen.Int[0, 2].Select(index => $$"""{"choices":[{"index":{{index}},"finish_reason":"stop"}],"usage":null}""")),
        (1, Gen.Const("[DONE]")));

    private static readonly Gen<string> Stream = Gen.Select(
        Gen.OneOf<string[]>(ClaudeEvent.Array[0, 8], ChatEvent.Array[0, 8]),
        Gen.OneOf("\n", "\r\n", "\r"),
        Gen.OneOf("", "event: x{0}", ": comment{0}"),
        Gen.Bool,
        (events, end, before, isCut) => string.Concat(events.Select((e, i) => string.Format(CultureInfo.InvariantCulture, before, end)
            + "data: " + e + end + (isCut && i == events.Length - 1 ? "" : end))));

    [Fact]
    public void Any_split_of_a_streams_bytes_gives_the_same_state() => Gen.Select(Stream, Gen.Int[2, 60], Gen.Int).Sample(
        (stream, length, seed) =>
        {
            byte[] body = Encoding.UTF8.GetBytes(stream);
            ReadBody whole = ReadBody.Of(body);

            foreach (ReadBody cut in new[]
            {
                ReadBody.Of(body, pieceLength: 1),
                ReadBody.Of(body, pieceLength: length, lengths: new Random(seed)),
            })
            {
                cut.Should().BeEquivalentTo(whole);
            }

            whole.Usage.InputTokens.Should().BeGreaterThanOrEqualTo(0);
            whole.Usage.TotalTokens.Should().Be(whole.Usage.TotalInputTokens + whole.Usage.OutputTokens);
        },
        iter: 500);

    [Fact]
    public void Applying_a_cumulative_usage_twice_changes_nothing() => ClaudeUsage.Sample(usage =>
    {
        string start = ClaudeUsageTests.Start("""{"input_tokens":5,"output_tokens":1}"""), delta = ClaudeUsageTests.Delta(usage);
        ReadBody once = ReadBody.OfEvents(start, delta), twice = ReadBody.OfEvents(start, delta, delta);

        twice.State.Tokens.Should().Be(once.State.Tokens);
        twice.State.ServerToolUse.Should().Equal(once.State.ServerToolUse);
        twice.State.IsOutputReported.Should().Be(once.State.IsOutputReported);
        JsonNode.DeepEquals(JsonNode.Parse(twice.UsageJson!), JsonNode.Parse(once.UsageJson!)).Should().BeTrue();
    });

    [Fact]
    public void The_default_is_the_state_before_the_first_event()
    {
        UsageAccumulator state = default;

        state.Should().BeEquivalentTo(new
        {
            IsComplete = false,
            IsInputReported = false,
            IsOutputReported = false,
            IsPending = false,
            ResponseId = (string?)null,
            Usage = default(TokenUsage),
            BilledUsage = default(TokenUsage),
        });
        state.Error.Should().BeNull();
        state.Iterations.Should().BeEmpty();
        state.ServerToolUse.Should().BeEmpty();
        state.TokenDetails.Should().BeEmpty();
    }

    [Fact]
    public void A_state_never_changes_once_taken()
    {
        UsageAccumulator before = new() { Model = "m", IsTerminal = true };
        UsageAccumulator after = before with { Model = "n", IsTerminal = false, IsPending = true };

        before.Should().BeEquivalentTo(new { Model = "m", IsTerminal = true, IsPending = false });
        after.Should().BeEquivalentTo(new { Model = "n", IsTerminal = false, IsPending = true });
    }

    [Theory]
    [InlineData(429, 429)]
    [InlineData(200, null)]
    [InlineData(600, null)]
    public void The_status_of_an_error_is_that_of_a_failure_or_unknown(int reported, int? expected) =>
        default(UsageAccumulator).WithError("e", statusCode: reported).Error!.StatusCode.Should().Be(expected);

    [Fact]
    public void An_answer_is_complete_when_the_choices_that_began_have_finished()
    {
        UsageAccumulator begun = default(UsageAccumulator).BeginChoice(0).BeginChoice(1);

        begun.FinishChoice(0).IsComplete.Should().BeFalse();
        begun.FinishChoice(1).FinishChoice(0).IsComplete.Should().BeTrue();
        default(UsageAccumulator).FinishChoice(0).IsComplete.Should().BeTrue();
    }

    [Fact]
    public void Billed_tokens_beside_the_used_ones_are_the_bill()
    {
        UsageAccumulator state = default(UsageAccumulator).MergeCounts(inputTokens: 9, outputTokens: 5) with
        {
            BilledTokens = new TokenUsage { InputTokens = 7 },
        };

        state.BilledUsage.Should().Be(new TokenUsage { InputTokens = 7 });
        (state with { BilledTokens = null }).BilledUsage.Should().Be(state.Usage);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void CountsOutput_is_that_of_the_latest_usage(bool isCumulative)
    {
        UsageAccumulator counted = Take(default, new ReportedTokens { InputTokens = 5, OutputTokens = 3 });
        UsageAccumulator left = Take(counted, new ReportedTokens { InputTokens = 9 });

        counted.CountsOutput.Should().BeTrue();
        left.CountsOutput.Should().BeFalse();
        Take(left, new ReportedTokens { InputTokens = 9, OutputTokens = 4 }).CountsOutput.Should().BeTrue();

        UsageAccumulator Take(UsageAccumulator state, in ReportedTokens tokens) =>
            isCumulative ? state.Merge(tokens) : state.Replace(tokens);
    }

    [Theory]
    [InlineData(true, null)]
    [InlineData(false, null)]
    [InlineData(true, 0L)]
    [InlineData(false, 0L)]
    public void CountsOutput_ends_with_a_usage_that_reports_nothing(bool isCumulative, long? count)
    {
        UsageAccumulator counted = default(UsageAccumulator).Merge(new ReportedTokens { InputTokens = 5, OutputTokens = 3 });
        var nothing = new ReportedTokens { InputTokens = count, OutputTokens = count };

        UsageAccumulator next = isCumulative ? counted.Merge(nothing) : counted.Replace(nothing);

        (next.CountsOutput, next.Usage).Should().Be((false, counted.Usage));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_report_of_zeros_stays_noted(bool isCumulative)
    {
        UsageAccumulator zero = default(UsageAccumulator).Merge(new ReportedTokens { InputTokens = 0, OutputTokens = 0 });
        var tokens = new ReportedTokens { InputTokens = 9, OutputTokens = 4 };

        UsageAccumulator next = isCumulative ? zero.Merge(tokens) : zero.Replace(tokens);

        next.Tokens.Noted.Should().HaveFlag(ReportedTokens.Notes.HasZeroReport);
    }

    [Fact]
    public void A_reported_output_ends_the_placeholder_and_anything_else_does_not()
    {
        UsageAccumulator begun = default(UsageAccumulator).Begin(new ReportedTokens { InputTokens = 3, OutputTokens = 1 });

        begun.IsOutputReported.Should().BeFalse();
        begun.Merge(new ReportedTokens { InputTokens = 4 }).IsOutputReported.Should().BeFalse();
        begun.Merge(new ReportedTokens { OutputTokens = 0 }).IsOutputReported.Should().BeTrue();
    }
}
