using StreamUsage.Diagnostics;
using StreamUsage.Pricing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Pricing;

/// <summary>Prices on the way from a response to its record, the log and the meter.</summary>
public sealed class PricedRecordTests
{
    // The answer: 25 uncached, 7 read, 3 written, 15 out.
    private static readonly PriceTable Table = PriceTables.Parse(
        """[{"id":"anthropic","models":[{"id":"claude","match":{"contains":"claude"},"prices":{"input_mtok":100,"cache_read_mtok":10"""
        + ""","cache_write_mtok":125,"output_mtok":500}}]}]""");

    [Fact]
    public async Task A_record_carries_its_cost()
    {
        (UsageRecord record, _, _) = await ReadAsync(Table, Answers.Claude);

        PriceTables.Parts(record.Cost).Should().Be((0.0025m, 0.00007m, 0.000375m, 0.0075m, 0m));
        (record.UnpricedReason, record.Anomalies.HasFlag(UsageAnomalies.UncertainBill)).Should().Be((null, false));
    }

    [Fact]
    public async Task A_record_of_an_unknown_model_is_delivered_and_its_model_is_logged_once()
    {
        var log = new RecordingLog();
        using var meters = new Meters();
        var sink = new RecordingSink();
        var tracker = new UsageTracker(
            sink, new StreamUsageOptions { Pricing = PriceTables.GenAi("""{"input_mtok":1}"""), MeterFactory = meters }, log);
        for (int i = 0; i < 3; i++)
        {
            await Track.ReadToEndAsync(tracker.Track(new ScriptedStream(Answers.Claude), Track.Nothing, out UsageTracking tracking));
            (await tracking.Delivery).Should().Be(DeliveryResult.Delivered);
        }

        await tracker.DisposeAsync(); // What is logged and counted follows.

        sink.Records.Should().HaveCount(3).And.OnlyContain(
            record => record.Cost == null && record.UnpricedReason == UnpricedReasons.UnknownModel && record.Usage.OutputTokens == 15);
        RecordingLog.Line line = log.Lines.Should().ContainSingle(l => l.EventId == 30).Which;
        line.Fields["Model"].Should().Be(sink.Records.First().ResponseModel);
        meters.Sum("streamusage.records.unpriced", UnpricedReasons.UnknownModel).Should().Be(3);
    }

    [Fact]
    public async Task The_meter_counts_cost_by_entry_and_the_difference_to_the_reported_one()
    {
        using var meters = new Meters();
        PriceTable table = PriceTables.Parse("""[{"id":"openai","models":[{"id":"m","prices":{"input_mtok":1000,"output_mtok":1000}}]}]""");
        const string Body = """{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"content":"t"}"""
            + ""","finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"cost":0.01}}""";

        (UsageRecord record, _, _) = await ReadAsync(table, Body, meters: meters);

        (record.Cost!.Total, record.ReportedCost).Should().Be((0.015m, 0.01m));
        meters.Sums("streamusage.cost").Should().Equal(("openai/m,openai,chat", 0.015));
        meters.Sums("streamusage.cost.difference").Should().Equal(("openai/m", 0.005));
    }

    [Fact]
    public void A_cost_in_another_currency_has_no_difference_to_the_reported_dollars()
    {
        using var meters = new Meters();
        var record = new UsageRecord
        {
            Cost = new UsageCost { Total = 0.02m, PricedAs = "openai/m", Currency = "EUR" },
            ReportedCost = 0.01m,
        };

        new PricingReport(meters).Record(new GenAICall(record), new MetricTags([]));

        meters.Sums("streamusage.cost").Should().ContainSingle();
        meters.Sums("streamusage.cost.difference").Should().BeEmpty();
    }

    [Theory]
    [InlineData(100, "0.0104")] // From one cent up with 4 decimals.
    [InlineData(105, "0.0109")]
    [InlineData(96, "0.009984")]
    [InlineData(1, "0.000104")]
    [InlineData(0, "0.000000")]
    public async Task The_summary_line_shows_the_cost_with_the_decimals_that_its_size_needs(int multiplier, string shown)
    {
        var options = new PriceTableOptions { Multiplier = _ => multiplier };
        PriceTable table = PriceTables.Parse(
            """[{"id":"anthropic","models":[{"id":"claude","match":{"contains":"claude"},"prices":{"input_mtok":1,"output_mtok":4.6}}]}]""",
            options);

        (_, RecordingLog log, _) = await ReadAsync(table, Answers.Claude);

        RecordingLog.Line line = log.Lines.First(l => l.EventId == 1);
        line.Text.Should().Contain($"cost {shown},");
    }

    [Fact]
    public async Task A_cost_that_may_differ_from_the_bill_says_so_in_the_record()
    {
        const string Body = """{"type":"message","id":"m","model":"claude","content":[{"type":"text","text":"t"}]"""
            + ""","stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1,"server_tool_use":{"web_search_requests":1}}}""";

        (UsageRecord record, _, _) = await ReadAsync(Table, Body);

        (record.Cost!.IsUncertain, record.Anomalies.HasFlag(UsageAnomalies.UncertainBill)).Should().Be((true, true));
    }

    [Fact]
    public async Task A_running_response_shows_what_it_cost_so_far()
    {
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { Pricing = Table });
        using Stream body = tracker.Track(new ScriptedStream(Answers.ClaudeStart), Track.Nothing, out UsageTracking tracking);
        tracking.Current.Cost.Should().BeNull("no model has been named yet");

        await Track.ReadToEndAsync(body);
        UsageSnapshot running = tracking.Current;
        UsageRecord record = await tracking.Completion;

        (running.Cost!.Input, running.Cost.CacheRead).Should().Be((0.0025m, 0.00007m));
        tracking.Current.Cost.Should().Be(record.Cost);
    }

    [Fact]
    public async Task The_cost_so_far_is_that_of_the_billed_tokens()
    {
        const string Answer = """
            data: {"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":5,"output_tokens":7},
            """ + """
            "tokens":{"input_tokens":70,"output_tokens":80}}}}


            """;
        var pricing = new BilledPricing();
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { Pricing = pricing });
        using Stream body = tracker.Track(
            new ScriptedStream(Answer), new UsageContext { ApiFormat = ApiFormat.Cohere }, out UsageTracking tracking);
        _ = await body.ReadAsync(new byte[4096], TestContext.Current.CancellationToken);

        _ = tracking.Current;

        pricing.Billed.Should().Be(new TokenUsage { InputTokens = 5, OutputTokens = 7 });
    }

    [Fact]
    public async Task A_pricing_that_fails_costs_a_snapshot_its_price_alone()
    {
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { Pricing = new FailingPricing() });
        using Stream body = tracker.Track(new ScriptedStream(Answers.ClaudeStart), Track.Nothing, out UsageTracking tracking);
        await Track.ReadToEndAsync(body);

        tracking.Current.Should().Match<UsageSnapshot>(snapshot => snapshot.Cost == null && snapshot.Usage.InputTokens == 25);
    }

    [Fact]
    public async Task A_multiplier_that_fails_leaves_the_record_unpriced()
    {
        PriceTable table = PriceTables.Parse(
            """[{"id":"anthropic","models":[{"id":"claude","match":{"contains":"claude"},"prices":{"input_mtok":1,"output_mtok":1}}]}]""",
            new PriceTableOptions { Multiplier = _ => throw new InvalidOperationException() });

        (UsageRecord record, RecordingLog log, _) = await ReadAsync(table, Answers.Claude);

        (record.Cost, record.UnpricedReason).Should().Be((null, UnpricedReasons.PricingFailed));
        log.Lines.Should().ContainSingle(line => line.EventId == 7);
    }

    [Theory]
    [InlineData("hit", 0)]
    [InlineData("miss", 0.010445)]
    public async Task An_answer_from_a_gateways_cache_is_recorded_at_multiplier_0(string state, double total)
    {
        PriceTable table = PriceTables.Parse(
            """[{"id":"anthropic","models":[{"id":"claude","match":{"contains":"claude"},"prices":{"input_mtok":100,"cache_read_mtok":10"""
                + ""","cache_write_mtok":125,"output_mtok":500}}]}]""",
            new PriceTableOptions { Multiplier = record => record.Context.Tags?.GetValueOrDefault("cache") == "hit" ? 0 : 1 });

        (UsageRecord record, _, _) = await ReadAsync(
            table, Answers.Claude, new UsageContext { Tags = new Dictionary<string, string> { ["cache"] = state } });

        (record.Cost!.Total, record.Cost.Multiplier).Should().Be(((decimal)total, total == 0 ? 0 : 1));
    }

    private static async Task<(UsageRecord Record, RecordingLog Log, RecordingSink Sink)> ReadAsync(
        IUsagePricing pricing, string body, UsageContext? context = null, Meters? meters = null)
    {
        var log = new RecordingLog();
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink, new StreamUsageOptions { Pricing = pricing, MeterFactory = meters }, log);
        await Track.ReadToEndAsync(tracker.Track(new ScriptedStream(body), context ?? Track.Nothing, out UsageTracking tracking));
        UsageRecord record = await tracking.Completion;
        await tracker.DisposeAsync(); // What is logged and counted follows.
        return (record, log, sink);
    }

    private sealed class BilledPricing : IUsagePricing
    {
        public TokenUsage Billed { get; private set; }

        public UsageCost? Price(UsageRecord record)
        {
            Billed = record.BilledUsage;
            return null;
        }
    }

    private sealed class FailingPricing : IUsagePricing
    {
        public UsageCost? Price(UsageRecord record) => throw new InvalidOperationException();
    }
}
