using StreamUsage.Accounting;
using StreamUsage.Estimation;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Attacks;

/// <summary>Numbers that would make a bill wrong.</summary>
public sealed class NumberTests
{
    [Theory]
    [InlineData("[{}]")]
    [InlineData("[{},{}]")]
    [InlineData("""[{"type":"message"}]""")]
    [InlineData("""[{"type":"message","input_tokens":0,"output_tokens":0}]""")]
    public void Iterations_that_count_nothing_do_not_make_an_answer_free(string iterations)
    {
        ReadBody read = ReadBody.Of("""{"type":"message","usage":{"input_tokens":10,"output_tokens":5,"iterations":""" + iterations + "}}");

        read.State.BilledUsage.TotalTokens.Should().Be(15);
    }

    [Fact]
    public void An_empty_iteration_beside_others_bills_nothing()
    {
        ReadBody read = ReadBody.Of("""{"type":"message","usage":{"input_tokens":10,"output_tokens":5,"iterations":"""
            + """[{},{"type":"message","input_tokens":8,"output_tokens":5},{}]}}""");

        read.State.BilledUsage.TotalTokens.Should().Be(13);
    }

    [Theory]
    [InlineData("1000000", 1000000)]
    [InlineData("0", 0)]
    [InlineData("1000000.01", null)]
    [InlineData("79228162514264337593543950335", null)]
    public void A_cost_that_no_answer_has_is_ignored_and_noted(string cost, int? expected)
    {
        ReadBody read = ReadBody.OfEvents("""{"object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":1"""
            + ""","completion_tokens":1,"total_tokens":2,"cost":""" + cost + "}}");

        read.State.ReportedCost.Should().Be(expected);
        read.State.Anomalies.HasFlag(UsageAnomalies.CountsIgnored).Should().Be(expected is null);
        read.Usage.TotalTokens.Should().Be(2);
    }

    [Fact]
    public void A_cost_of_a_custom_parser_is_checked_as_well()
    {
        UsageAccumulator state = new UsageAccumulator { ReportedCost = 3 } with { ReportedCost = -1 };

        state.Should().Match<UsageAccumulator>(s => s.ReportedCost == 3 && s.Anomalies == UsageAnomalies.CountsIgnored);
    }

    [Theory]
    [InlineData(long.MaxValue, 1L << 40)]
    [InlineData(long.MinValue, 0)]
    [InlineData(-1, 0)]
    public async Task An_estimate_that_makes_no_sense_is_limited(long estimate, long expected)
    {
        var options = new StreamUsageOptions { Estimator = new Estimator(estimate) };
        await using var tracker = new UsageTracker(new RecordingSink(), options);
        Stream tracked = tracker.Track(
            new ScriptedStream(Answers.ChatText), new UsageContext { RequestBody = "{}"u8.ToArray() }, out UsageTracking tracking);

        await Track.ReadToEndAsync(tracked);

        UsageRecord record = await tracking.Completion;
        record.Usage.InputTokens.Should().Be(expected);
        record.Usage.OutputTokens.Should().Be(expected);
        record.BilledUsage.TotalTokens.Should().Be(2 * expected);
    }

    [Theory]
    [InlineData(1L << 40, 1L << 40, false)]
    [InlineData((1L << 40) + 1, 3, true)]
    [InlineData(long.MaxValue - 1, 3, true)]
    [InlineData(-1, 3, true)]
    public void A_count_of_a_custom_parser_that_no_answer_has_is_ignored_and_noted(long count, long expected, bool isNoted)
    {
        UsageAccumulator state = new UsageAccumulator()
            .MergeCounts(inputTokens: 3, outputTokens: 3).MergeCounts(inputTokens: count, outputTokens: count);

        state.Usage.Should().Be(new TokenUsage { InputTokens = expected, OutputTokens = expected });
        state.Anomalies.Should().Be(isNoted ? UsageAnomalies.CountsIgnored : UsageAnomalies.None);
    }

    [Theory]
    [InlineData(true, long.MaxValue)]
    [InlineData(false, long.MaxValue - 1)]
    public void An_estimate_that_is_added_to_a_count_does_not_overflow(bool isPartial, long expected) =>
        new SettledUsage(new TokenUsage { OutputTokens = long.MaxValue - 1 }, true, false, isPartial, UsageAnomalies.None).CombineOutput(5)
            .Should().Be(expected);

    [Fact]
    public async Task A_response_without_reported_usage_and_with_empty_iterations_bills_its_estimate()
    {
        await using var tracker = new UsageTracker(new RecordingSink(), Track.ByCharacters);
        string body = Answers.ClaudeStart + Answers.ClaudeText + "data: {\"type\":\"message_delta\",\"usage\":{\"iterations\":[{}]}}\n\n";
        Stream tracked = tracker.Track(new ScriptedStream(body), Track.Nothing, out UsageTracking tracking);

        await Track.ReadToEndAsync(tracked);

        UsageRecord record = await tracking.Completion;
        record.BilledUsage.Should().Be(record.Usage);
        record.Usage.OutputTokens.Should().Be(6);
    }

    private sealed class Estimator(long tokens) : ITokenEstimator
    {
        public int CountTokens(string? model, ReadOnlySpan<char> text) => 0;

        public long EstimateInputTokens(ApiFormat format, string? model, ReadOnlyMemory<byte> requestBody) => tokens;

        public long EstimateOutputTokens(ApiFormat format, string? model, string text, long characters) => tokens;
    }
}
