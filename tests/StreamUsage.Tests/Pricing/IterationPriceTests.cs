using System.IO.Pipelines;
using StreamUsage.Pricing;
using StreamUsage.Tests.Support;
using static StreamUsage.Tests.Support.PriceTables;

namespace StreamUsage.Tests.Pricing;

/// <summary>A response of several model calls costs each call at its own model. Prices are hand-computed.</summary>
public sealed class IterationPriceTests
{
    private static readonly PriceTable Claude = Parse(
        """
        [{"id":"anthropic","name":"","api_pattern":"","models":[
            {"id":"sonnet","match":{"contains":"claude-sonnet-4-6"},"prices":{"input_mtok":3,"output_mtok":15,"web_searches_kcount":10}},
            {"id":"fable","match":{"contains":"claude-fable-5"},"prices":{"input_mtok":20,"output_mtok":100}},
            {"id":"opus","match":{"contains":"claude-opus-4"},"prices":{"input_mtok":{"base":5,"tiers":[{"start":100000,"price":10}]},
            "output_mtok":25}}]}]
        """);

    [Theory]
    [InlineData("v-anthropic-anthropic-compaction.1", 0.38851, 2)] // (60,385 + 612) × 5 + (522 + 2,819) × 25
    // (1,051 + 3,676) × 3 + (35 + 3,356) × 15, and 2,728 × 5 + 3,880 × 25 at the adviser's model
    [InlineData("v-anthropic-anthropic-advisor-20250301.1", 0.175686, 3)]
    [InlineData("v-anthropic-anthropic-fallback", 0.00866, 1)] // 412 × 5 + 264 × 25: the first model declined before any output
    [InlineData("a-stream-b-fallback", 0.01383, 1)] // 31 × 5 + 547 × 25
    public async Task A_recorded_stream_costs_its_iterations(string name, double total, int billed)
    {
        await using var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { Pricing = Claude });
        using FileStream body = File.OpenRead(SharedFiles.Require("corpus", "anthropic-messages", name + ".sse"));

        UsageRecord record = await tracker.ReadAsync(PipeReader.Create(body), new UsageContext { RequestStartedAt = Noon });

        record.Cost!.Total.Should().Be((decimal)total);
        record.Cost.Iterations.Should().HaveCount(billed);
        Claude.Price(UsageRecordJson.Read(UsageRecordJson.ToUtf8Bytes(record))).Should().Be(record.Cost);
    }

    [Fact]
    public void Each_iteration_is_priced_at_its_own_model_and_the_top_level_is_not()
    {
        UsageRecord record = Answer(
            new UsageIteration { Type = "message", Usage = new TokenUsage { InputTokens = 1000, OutputTokens = 100 } },
            new UsageIteration
            {
                Type = "advisor_message",
                Model = "claude-opus-4-7",
                Usage = new TokenUsage { InputTokens = 2000, OutputTokens = 200 },
            });

        UsageCost? cost = Claude.Price(record);

        Parts(cost).Should().Be((0.013m, 0m, 0m, 0.0065m, 0m)); // 1000 × 3 + 2000 × 5; 100 × 15 + 200 × 25
        (cost!.Total, cost.PricedAs).Should().Be((0.0195m, "anthropic/sonnet"));
        cost.Iterations.Select(iteration => (iteration.PricedAs, iteration.Total))
            .Should().Equal(("anthropic/sonnet", 0.0045m), ("anthropic/opus", 0.015m));
    }

    [Fact]
    public void A_declined_hop_is_not_billed_and_one_that_put_out_something_is()
    {
        UsageRecord record = Answer(
            new UsageIteration { Type = "message", Model = "claude-fable-5", Usage = new TokenUsage { InputTokens = 408 } },
            new UsageIteration
            {
                Type = "message",
                Model = "claude-fable-5",
                Usage = new TokenUsage { InputTokens = 408, OutputTokens = 10 },
            },
            new UsageIteration
            {
                Type = "fallback_message",
                Model = "claude-opus-4-8",
                Usage = new TokenUsage { InputTokens = 412, OutputTokens = 264 },
            });

        Claude.Price(record)!.Total.Should().Be(0.01782m); // 408 × 20 + 10 × 100 + 412 × 5 + 264 × 25
    }

    [Fact]
    public void A_message_without_output_is_billed_where_nothing_fell_back()
    {
        Claude.Price(Answer(new UsageIteration { Type = "message", Usage = new TokenUsage { InputTokens = 1000 } }))!.Total
            .Should().Be(0.003m);
    }

    [Fact]
    public void The_tier_goes_by_the_input_of_each_iteration()
    {
        UsageIteration half = new() { Type = "message", Model = "claude-opus-4-6", Usage = new TokenUsage { InputTokens = 80_000 } };

        Claude.Price(Answer(half, half))!.Total.Should().Be(0.8m);
    }

    [Fact]
    public void Tools_are_paid_once_at_the_model_that_answered()
    {
        UsageIteration iteration = new() { Type = "message", Usage = new TokenUsage { InputTokens = 1000 } };
        UsageRecord record =
            Answer(iteration, iteration) with { ServerToolUse = new Dictionary<string, long> { ["web_search_requests"] = 3 } };

        Parts(Claude.Price(record)).Should().Be((0.006m, 0m, 0m, 0m, 0.03m));
    }

    [Fact]
    public void An_iteration_at_an_unknown_model_leaves_the_record_unpriced_and_is_named()
    {
        PricingResult result = Claude.Evaluate(
            Answer(new UsageIteration { Type = "message" }, new UsageIteration { Type = "advisor_message", Model = "claude-unheard-of" }));

        (result.Cost, result.UnpricedReason, result.UnpricedModel).Should().Be((null, UnpricedReasons.UnknownModel, "claude-unheard-of"));
    }

    [Fact]
    public void A_multiplier_holds_for_the_sum_and_for_each_iteration()
    {
        PriceTable table = Parse(
            """[{"id":"a","models":[{"id":"m","prices":{"input_mtok":1}}]}]""", new PriceTableOptions { Multiplier = _ => 2 });
        UsageIteration iteration = new() { Usage = new TokenUsage { InputTokens = 1000 } };
        UsageRecord record = Answer(iteration, iteration) with { Context = new UsageContext { Provider = "a" }, ResponseModel = "m" };

        UsageCost? cost = table.Price(record);

        (cost!.Total, cost.Iterations[0].Total, cost.Iterations[0].Multiplier).Should().Be((0.004m, 0.002m, 2m));
    }

    private static UsageRecord Answer(params UsageIteration[] iterations) => new()
    {
        Protocol = "anthropic-messages",
        ResponseModel = "claude-sonnet-4-6",
        Usage = new TokenUsage { InputTokens = 7, OutputTokens = 7 },
        Iterations = iterations,
        StartedAt = Noon,
    };
}
