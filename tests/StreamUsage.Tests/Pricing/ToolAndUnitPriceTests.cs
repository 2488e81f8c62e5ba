using StreamUsage.Pricing;
using StreamUsage.Tests.Support;
using static StreamUsage.Tests.Support.PriceTables;

namespace StreamUsage.Tests.Pricing;

/// <summary>What is billed beside tokens.</summary>
public sealed class ToolAndUnitPriceTests
{
    [Theory]
    [InlineData("web_searches_kcount", "web_search_requests", 10, 0.05)]
    [InlineData("storage_searches_kcount", "file_search_requests", 2.5, 0.0125)]
    [InlineData("code_executions_kcount", "code_execution_requests", 50, 0.25)]
    [InlineData("social_searches_kcount", "social_search_requests", 5, 0.025)]
    public void A_tool_costs_its_rate_for_each_use(string key, string tool, double price, double expected)
    {
        UsageCost? cost = GenAi($$"""{"input_mtok":1,"{{key}}":{{price.ToString(System.Globalization.CultureInfo.InvariantCulture)}}}""")
            .Price(Used(default) with
            {
                ServerToolUse = new Dictionary<string, long> { [tool] = 5, ["web_fetch_requests"] = 2, ["mcp_requests"] = 1 },
            });

        (cost!.ServerTools, cost.Total, cost.IsUncertain)
            .Should().Be(((decimal)expected, (decimal)expected, false), "fetches and a client's own servers cost nothing beyond tokens");
    }

    [Fact]
    public void A_tool_without_a_rate_is_named_and_makes_the_cost_uncertain()
    {
        UsageCost? cost = GenAi("""{"input_mtok":1}""").Price(Used(new TokenUsage { InputTokens = 1000 }) with
        {
            ServerToolUse =
                new Dictionary<string, long> { ["web_search_requests"] = 1, ["new_tool_requests"] = 1, ["unused_requests"] = 0 },
        });

        cost!.Total.Should().Be(0.001m);
        cost.UnpricedParts.Should().Equal("web_search_requests", "new_tool_requests");
        cost.IsUncertain.Should().BeTrue();
    }

    [Theory]
    [InlineData("audio_seconds", "input_audio_minutes", 0.006, 90.5, 0.00905)]
    [InlineData("audio_seconds", "audio_hours", 0.111, 3600, 0.111)] // 0.111 / 3600 has no end; 3600 of them are 0.111.
    [InlineData("search_units", "rerank_searches_kcount", 2, 3, 0.006)]
    [InlineData("characters", "input_mchars", 15, 200, 0.003)]
    [InlineData("pixels", "input_gpixels", 1.2, 1000000, 0.0012)]
    [InlineData("pages", "input_document_kpages", 1, 4, 0.004)]
    public void A_unit_costs_its_rate(string unit, string key, double price, double quantity, double expected)
    {
        UsageCost? cost = GenAi($$"""{"{{key}}":{{price.ToString(System.Globalization.CultureInfo.InvariantCulture)}}}""")
            .Price(Used(default) with
            {
                BilledUnits = new Dictionary<string, decimal> { [unit] = (decimal)quantity },
            });

        cost!.Total.Should().Be((decimal)expected);
    }

    [Fact]
    public void A_unit_without_a_rate_leaves_the_record_unpriced_where_it_is_all_that_was_used()
    {
        UsageRecord record = Used(default) with { BilledUnits = new Dictionary<string, decimal> { ["audio_seconds"] = 12 } };

        GenAi("""{"input_mtok":1,"output_mtok":1}""").Evaluate(record).UnpricedReason.Should().Be(UnpricedReasons.NoRate);
    }

    [Fact]
    public void Images_that_are_paid_by_token_are_not_paid_again_by_the_piece()
    {
        PriceTable table = LiteLlm(""" "input_cost_per_token":1e-06,"output_cost_per_token":1e-06,"output_cost_per_image_token":3e-05"""
            + ""","output_cost_per_image":0.039 """);
        UsageRecord record = Used(new TokenUsage { OutputTokens = 1290, OutputImageTokens = 1290 }) with
        {
            BilledUnits = new Dictionary<string, decimal> { ["images"] = 1 },
        };

        table.Price(record)!.Total.Should().Be(0.0387m);
        table.Price(record with { BilledUsage = default, Usage = default })!.Total.Should().Be(0.039m);
    }

    [Theory]
    [InlineData(10, 0.00501)] // 5 a thousand requests, 1 a million tokens.
    [InlineData(0, 0)] // A request that was refused used nothing.
    public void A_fee_for_the_request_is_paid_once_where_anything_was_used(long input, double expected)
    {
        GenAi("""{"input_mtok":1,"requests_kcount":5}""").Price(Used(new TokenUsage { InputTokens = input }))!.Total
            .Should().Be((decimal)expected);
    }
}
