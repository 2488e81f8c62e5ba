using System.Text;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Recording;

/// <summary>What a biller should look at: in the record, in the summary line, as a tag of a metric.</summary>
public sealed class AnomalyTests
{
    private const string Text =
        """{"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"Two and two is four."}}]}""";

    [Theory]
    [InlineData("""{"prompt_tokens":9,"completion_tokens":7,"total_tokens":16}""", UsageAnomalies.None)]
    [InlineData("""{"prompt_tokens":9,"completion_tokens":7.5}""", UsageAnomalies.CountsIgnored)]
    [InlineData("""{"prompt_tokens":9,"input_tokens":8,"completion_tokens":7}""", UsageAnomalies.ConflictingCounts)]
    [InlineData("""{"prompt_tokens":9,"completion_tokens":7,"total_tokens":15}""", UsageAnomalies.TotalMismatch)]
    [InlineData("""{"prompt_tokens":9,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":10}}""", UsageAnomalies.TotalMismatch)]
    [InlineData("""{"prompt_tokens":9,"completion_tokens":0}""", UsageAnomalies.ImplausibleZero)]
    [InlineData("""{"prompt_tokens":0,"completion_tokens":7}""", UsageAnomalies.ImplausibleZero)]
    [InlineData("""{"prompt_tokens":0,"completion_tokens":0}""", UsageAnomalies.ImplausibleZero | UsageAnomalies.NoUsageReported)]
    [InlineData("""{"prompt_tokens":9,"completion_tokens":7,"made_up_tokens":7}""", UsageAnomalies.UnknownUsageFields)]
    [InlineData("""{"prompt_tokens":9,"completion_tokens":7,"cache_read_input_tokens":5}""", UsageAnomalies.UncertainBill)]
    [InlineData("null", UsageAnomalies.NoUsageReported)]
    public async Task A_doubt_about_the_usage_is_in_the_record(string usage, UsageAnomalies expected)
    {
        UsageRecord record = await ReadAsync(
            ReadBody.Sse(Text, $$"""{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{{usage}} }""", "[DONE]"));

        record.Outcome.Should().Be(StreamOutcome.Completed);
        record.Anomalies.Should().Be(expected);
    }

    [Fact]
    public async Task Billed_counts_of_0_beside_counts_of_0_make_no_answer_free()
    {
        const string Answer =
            """{"id":"c","message":{"role":"assistant","content":[{"type":"text","text":"Two and two."}]}"""
            + ""","finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":0,"output_tokens":0},"tokens":{"input_tokens":0"""
            + ""","output_tokens":0}}}""";

        UsageRecord record = await ReadAsync(Answer);

        record.Should().BeEquivalentTo(new
        {
            OutputSource = TokenSource.Estimated,
            Usage = new { OutputTokens = 3 },
            Anomalies = UsageAnomalies.ImplausibleZero | UsageAnomalies.NoUsageReported,
        });
        record.BilledUsage.Should().Be(record.Usage);
    }

    [Fact]
    public async Task An_event_that_cannot_be_read_is_a_doubt() =>
        (await ReadAsync(ReadBody.Sse(Text, "{broken", "[DONE]")))
            .Should().BeEquivalentTo(new { SkippedEvents = 1, Anomalies = UsageAnomalies.SkippedEvents | UsageAnomalies.NoUsageReported });

    [Fact]
    public async Task Output_after_the_last_usage_is_added_to_it_and_is_a_doubt()
    {
        UsageRecord record = await ReadAsync(ReadBody.Sse(
            """{"choices":[{"index":0,"delta":{"content":"Two"}}],"usage":{"prompt_tokens":9,"completion_tokens":100}}""", Text));

        record.Should().BeEquivalentTo(new
        {
            OutputSource = TokenSource.Estimated,
            InputSource = TokenSource.Reported,
            Anomalies = UsageAnomalies.ImplausibleZero,
            Usage = new { OutputTokens = 105 },
        });
    }

    [Fact]
    public async Task A_refusal_without_output_and_a_redeemed_credit_have_an_uncertain_bill()
    {
        const string Start = """{"type":"message_start","message":{"usage":{"input_tokens":106,"output_tokens":1}}}""",
            Stop = """{"type":"message_stop"}""";

        (await ReadAsync(ReadBody.Sse(Start, """{"type":"message_delta","delta":{"stop_reason":"refusal"},"usage":{"output_tokens":1}}""",
            Stop))).Anomalies.Should().Be(UsageAnomalies.UncertainBill);
        (await ReadAsync(ReadBody.Sse(Start, """{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1"""
            + ""","fallback_credit":{"status":{"type":"redeemed"}}}}""", Stop))).Anomalies
            .Should().Be(UsageAnomalies.UncertainBill);
        (await ReadAsync(ReadBody.Sse(Start, """{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1"""
            + ""","fallback_credit":{"status":{"type":"not_applied"}}}}""", Stop))).Anomalies
            .Should().Be(UsageAnomalies.None);
    }

    [Fact]
    public async Task A_field_that_no_rule_reads_is_logged_once_a_tracker_and_counted_by_name_each_time()
    {
        var log = new RecordingLog();
        using var meters = new Meters();
        await using (var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { MeterFactory = meters }, log))
        {
            for (int i = 0; i < 3; i++)
            {
                await ReadAsync(ReadBody.Sse(Text, """{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":7,"made_up_tokens":7"""
                    + ""","prompt_tokens_details":{"odd name":1}}}""", "[DONE]"), tracker);
            }
        }

        log.Lines.Where(line => line.EventId == 21).Select(line => line.Fields["Field"])
            .Should().BeEquivalentTo(new object[] { "made_up_tokens", "other" });
        meters.Sums("streamusage.usage.unknown_fields").Should().BeEquivalentTo([("made_up_tokens", 3.0), ("other", 3.0)]);
        meters.Sums("streamusage.records.anomalies").Should().BeEquivalentTo([("UnknownUsageFields", 3.0)]);
        log.Lines.Where(line => line.EventId == 1)
            .Should().AllSatisfy(line => line.Fields["Anomalies"].Should().Be(UsageAnomalies.UnknownUsageFields));
    }

    [Fact]
    public async Task Names_of_unknown_fields_are_bounded()
    {
        var log = new RecordingLog();
        await using (var tracker = new UsageTracker(new RecordingSink(), null, log))
        {
            for (int i = 0; i < 40; i++)
            {
                string fields = string.Join(',', Enumerable.Range(0, 20).Select(n => $"\"field_{i}_{n}\":1"));
                await ReadAsync(
                    ReadBody.Sse(Text, $$"""{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":7,{{fields}} } }""", "[DONE]"),
                    tracker);
            }
        }

        log.Lines.Where(line => line.EventId == 21)
            .Should().HaveCount(257).And.ContainSingle(line => Equals(line.Fields["Field"], "other"));
    }

    private static async Task<UsageRecord> ReadAsync(string body, UsageTracker? given = null)
    {
        await using UsageTracker? own = given is null ? new UsageTracker(new RecordingSink(), Track.ByCharacters) : null;
        Stream stream = (given ?? own!)
            .Track(new PiecewiseStream(Encoding.UTF8.GetBytes(body), 100), Track.Nothing, out UsageTracking tracking);
        await Track.ReadToEndAsync(stream);
        return await tracking.Completion;
    }
}
