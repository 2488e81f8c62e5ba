using StreamUsage.Pricing;
using StreamUsage.Tests.Support;
using static StreamUsage.Tests.Support.PriceTables;

namespace StreamUsage.Tests.Pricing;

/// <summary>
/// The class of service that was served picks the rates. A class without rates leaves the record unpriced.
/// </summary>
public sealed class RateClassTests
{
    private const string Costs =
        """
        "input_cost_per_token":1e-06,"output_cost_per_token":8e-06,"cache_read_input_token_cost":1e-07,
        "input_cost_per_token_flex":5e-07,"output_cost_per_token_flex":4e-06,"cache_read_input_token_cost_flex":5e-08,
        "input_cost_per_token_priority":2e-06,"output_cost_per_token_priority":1.6e-05,
        "input_cost_per_token_batches":5e-07,"output_cost_per_token_batches":4e-06,
        "input_cost_per_token_ultrafast":6e-06,"output_cost_per_token_ultrafast":4.8e-05,
        "provider_specific_entry":{"us":1.1,"fast":6.0},"regional_processing_uplift_multiplier_eu":1.2
        """;

    private static readonly TokenUsage Usage = new() { InputTokens = 1000, OutputTokens = 1000 };

    [Theory]
    [InlineData(null, "standard", 0.009)]
    [InlineData("standard", "standard", 0.009)]
    [InlineData("default", "standard", 0.009)]
    [InlineData("on_demand", "standard", 0.009)]
    [InlineData("ON_DEMAND", "standard", 0.009)]
    [InlineData("flex", "flex", 0.0045)]
    [InlineData("FLEX", "flex", 0.0045)]
    [InlineData("ON_DEMAND_FLEX", "flex", 0.0045)]
    [InlineData("priority", "priority", 0.018)]
    [InlineData("fast", "priority", 0.018)]
    [InlineData("ON_DEMAND_PRIORITY", "priority", 0.018)]
    [InlineData("batch", "batch", 0.0045)]
    [InlineData("ultrafast", "ultrafast", 0.054)]
    public void The_service_tier_picks_its_rates(string? tier, string rateClass, double total)
    {
        UsageCost? cost = LiteLlm(Costs).Price(Used(Usage) with { ServiceTier = tier });

        (cost!.Total, cost.RateClass, cost.IsUncertain).Should().Be(((decimal)total, rateClass, false));
    }

    [Theory]
    [InlineData("fast", null, "fast", 0.054)]
    [InlineData("standard", null, "standard", 0.009)]
    [InlineData(null, "us", "standard us", 0.0099)]
    [InlineData(null, "EU", "standard eu", 0.0108)]
    [InlineData("fast", "us", "fast us", 0.0594)]
    [InlineData(null, "global", "standard", 0.009)]
    [InlineData(null, "not_available", "standard", 0.009)]
    public void Speed_and_place_are_factors(string? speed, string? geo, string rateClass, double total)
    {
        UsageCost? cost = LiteLlm(Costs).Price(Used(Usage) with { Speed = speed, InferenceGeo = geo });

        (cost!.Total, cost.RateClass).Should().Be(((decimal)total, rateClass));
    }

    [Theory]
    [InlineData("priority", null, null, UnpricedReasons.RateClass)]
    [InlineData("flex", null, null, UnpricedReasons.RateClass)]
    [InlineData("batch", null, null, UnpricedReasons.RateClass)]
    [InlineData("ON_DEMAND_PRIORITY", null, null, UnpricedReasons.RateClass)]
    [InlineData("something_new", null, null, UnpricedReasons.RateClass)]
    [InlineData(null, "fast", null, UnpricedReasons.RateClass)]
    [InlineData(null, null, "us", UnpricedReasons.RateClass)]
    [InlineData("PROVISIONED_THROUGHPUT", null, null, UnpricedReasons.ProvisionedThroughput)]
    [InlineData("reserved", null, null, UnpricedReasons.ProvisionedThroughput)]
    [InlineData("scale", null, null, UnpricedReasons.ProvisionedThroughput)]
    [InlineData("scale", "fast", null, UnpricedReasons.ProvisionedThroughput)]
    public void A_class_or_place_without_rates_leaves_the_record_unpriced(string? tier, string? speed, string? geo, string reason)
    {
        PricingResult result = GenAi("""{"input_mtok":1,"output_mtok":8}""")
            .Evaluate(Used(Usage) with { ServiceTier = tier, Speed = speed, InferenceGeo = geo });

        (result.Cost, result.UnpricedReason).Should().Be((null, reason));
    }

    [Fact]
    public void Vertex_flex_costs_the_standard_rate_at_most_where_the_table_has_none()
    {
        UsageCost? cost = GenAi("""{"input_mtok":1,"output_mtok":8}""").Price(Used(Usage) with { ServiceTier = "ON_DEMAND_FLEX" });

        (cost!.Total, cost.RateClass, cost.IsUncertain).Should().Be((0.009m, "flex", true));
    }

    [Fact]
    public void Options_give_factors_for_classes_that_the_table_lacks()
    {
        var options = new PriceTableOptions { RateMultipliers = new Dictionary<string, decimal> { ["Flex"] = 0.5m, ["us"] = 1.1m } };

        UsageCost? cost = GenAi("""{"input_mtok":1,"output_mtok":8}""", options)
            .Price(Used(Usage) with { ServiceTier = "flex", InferenceGeo = "us" });

        (cost!.Total, cost.RateClass, cost.Rates["input"], cost.IsUncertain).Should().Be((0.00495m, "flex us", 0.00000055m, false));
    }

    [Fact]
    public void A_tier_with_a_speed_is_a_class_of_its_own()
    {
        PriceTable table = LiteLlm(Costs);
        UsageRecord record = Used(Usage) with { ServiceTier = "priority", Speed = "fast" };

        table.Evaluate(record).UnpricedReason.Should().Be(UnpricedReasons.RateClass, "the rates of priority alone are too low");
        table.WithRateMultipliers(new Dictionary<string, decimal> { ["priority fast"] = 12 }).Price(record)!.Total.Should().Be(0.108m);
    }

    [Fact]
    public void A_negative_factor_is_refused()
    {
        var options = new PriceTableOptions { RateMultipliers = new Dictionary<string, decimal> { ["flex"] = -1 } };

        FluentActions.Invoking(() => GenAi("""{"input_mtok":1}""", options))
            .Should().Throw<ArgumentOutOfRangeException>().WithMessage("*flex*");
    }

    [Theory]
    [InlineData("flex", 0.00005)]
    [InlineData("priority", null)] // Cache reads have a standard rate of their own, and none here.
    public void A_bucket_with_a_standard_rate_of_its_own_needs_one_in_the_class(string tier, double? expected)
    {
        PricingResult result = LiteLlm(Costs).Evaluate(Used(new TokenUsage { CacheReadInputTokens = 1000 }) with { ServiceTier = tier });

        result.Cost?.Total.Should().Be((decimal?)expected);
        result.UnpricedReason.Should().Be(expected is null ? UnpricedReasons.RateClass : null);
    }

    [Theory]
    [InlineData("8e-06", true)]
    [InlineData("9e-06", false)]
    public void A_bucket_that_costs_the_same_as_what_contains_it_does_so_in_every_class(string reasoning, bool isPriced)
    {
        PriceTable table = LiteLlm($"\"output_cost_per_reasoning_token\":{reasoning},{Costs}");

        UsageCost? cost =
            table.Price(Used(new TokenUsage { OutputTokens = 1000, ReasoningTokens = 400 }) with { ServiceTier = "priority" });

        cost?.Total.Should().Be(0.016m);
        (cost is not null).Should().Be(isPriced);
    }

    [Theory]
    [InlineData("input_cost_per_token_above_272k_tokens_priority", 1.2)]
    [InlineData("input_cost_per_token_priority_above_272k_tokens", 1.2)]
    [InlineData("input_cost_per_token_above_272k_tokens_flex", null)] // Priority has no rate above the threshold.
    public void A_threshold_has_a_rate_in_each_class(string name, double? expected)
    {
        PriceTable table = LiteLlm($"\"{name}\":4e-06,\"input_cost_per_token_above_272k_tokens\":2e-06,{Costs}");

        PricingResult result = table.Evaluate(Used(new TokenUsage { InputTokens = 300_000 }) with { ServiceTier = "priority" });

        result.Cost?.Total.Should().Be((decimal?)expected);
        result.UnpricedReason.Should().Be(expected is null ? UnpricedReasons.RateClass : null);
    }

    [Theory]
    [InlineData("flex", null, null)]
    [InlineData(null, "fast", null)]
    [InlineData(null, null, "us")]
    public void Tools_cost_the_same_in_every_class(string? tier, string? speed, string? geo)
    {
        PriceTable table = LiteLlm($"\"search_context_cost_per_query\":{{\"search_context_size_medium\":0.01}},{Costs}");

        UsageCost? cost = table.Price(Used(default) with
        {
            ServiceTier = tier,
            Speed = speed,
            InferenceGeo = geo,
            ServerToolUse = new Dictionary<string, long> { ["web_search_requests"] = 3 },
        });

        cost!.ServerTools.Should().Be(0.03m);
    }
}
