using StreamUsage.Pricing;
using StreamUsage.Tests.Support;
using static StreamUsage.Tests.Support.PriceTables;

namespace StreamUsage.Tests.Pricing;

/// <summary>LiteLLM's names of costs. Prices are hand-computed.</summary>
public sealed class LiteLlmTableTests
{
    [Fact]
    public void Tokens_cost_what_their_fields_say()
    {
        PriceTable table = LiteLlm(
            """
            "input_cost_per_token":3e-06,"output_cost_per_token":1.5e-05,"cache_read_input_token_cost":3e-07,
            "cache_creation_input_token_cost":3.75e-06,
            "cache_creation_input_token_cost_above_1hr":6e-06,"output_cost_per_reasoning_token":2e-05,"input_cost_per_audio_token":"1e-05"
            """);

        UsageCost? cost = table.Price(Used(new TokenUsage
        {
            InputTokens = 100,
            InputAudioTokens = 10,
            CacheReadInputTokens = 200,
            CacheCreationInputTokens = 700,
            CacheCreation5mInputTokens = 300,
            CacheCreation1hInputTokens = 400,
            OutputTokens = 500,
            ReasoningTokens = 100,
        }));

        Parts(cost).Should().Be((0.00037m, 0.00006m, 0.003525m, 0.008m, 0m));
    }

    [Theory]
    [InlineData(200_000, 0.2, 0.02, 0.06)]
    [InlineData(200_001, 0.400002, 0.04, 0.12)]
    public void A_threshold_in_a_name_holds_for_the_whole_prompt(long input, double inputCost, double readCost, double hourCost)
    {
        PriceTable table = LiteLlm(
            """
            "input_cost_per_token":1e-06,"input_cost_per_token_above_200k_tokens":2e-06,"output_cost_per_token":1e-06,
            "cache_read_input_token_cost":1e-07,"cache_read_input_token_cost_above_200k_tokens":2e-07,
            "cache_creation_input_token_cost":1e-06,"cache_creation_input_token_cost_above_1hr":3e-06,
            "cache_creation_input_token_cost_above_1hr_above_200k_tokens":6e-06
            """);

        table.Price(Used(new TokenUsage { InputTokens = input }))!.Input.Should().Be((decimal)inputCost);
        (decimal read, decimal written) = input > 200_000 ? (200_000m, 20_000m) : (180_000m, 20_000m);
        UsageCost? cost = table.Price(Used(new TokenUsage
        {
            CacheReadInputTokens = (long)read,
            CacheCreationInputTokens = (long)written,
            CacheCreation1hInputTokens = (long)written,
        }));
        cost!.CacheRead.Should().Be((decimal)readCost * read / 200_000);
        cost.CacheCreation.Should().Be((decimal)hourCost);
    }

    [Theory]
    [InlineData(32_000, 0.032, 0.004, 0.0005)]
    [InlineData(32_001, 0.064002, 0.008, 0.002)] // The second tier names no cache rate: its input rate.
    [InlineData(999_999, 1.999998, 0.008, 0.002)] // Past the last range: the last tier.
    public void Tiered_pricing_picks_one_tier_for_the_whole_request(long input, double inputCost, double outputCost, double readCost)
    {
        PriceTable table = LiteLlm(
            """
            "tiered_pricing":[{"range":[0,32000.0],"input_cost_per_token":1e-06,"output_cost_per_token":4e-06,
            "cache_read_input_token_cost":5e-07},
            {"range":[32000.0,128000.0],"input_cost_per_token":2e-06,"output_cost_per_token":8e-06}]
            """);

        UsageCost? whole = table.Price(Used(new TokenUsage { InputTokens = input, OutputTokens = 1000 }));
        (whole!.Input, whole.Output).Should().Be(((decimal)inputCost, (decimal)outputCost));
        table.Price(Used(new TokenUsage { InputTokens = input - 1000, CacheReadInputTokens = 1000 }))!.CacheRead
            .Should().Be((decimal)readCost);
    }

    [Fact]
    public void Units_cost_what_their_fields_say()
    {
        PriceTable table = LiteLlm(""" "input_cost_per_second":0.0001,"output_cost_per_second":0.0001,"output_cost_per_image":0.04"""
            + ""","input_cost_per_query":0.002,"ocr_cost_per_page":0.001 """);
        UsageRecord record = Used(default) with
        {
            BilledUnits =
                new Dictionary<string, decimal> { ["audio_seconds"] = 12.5m, ["images"] = 3, ["search_units"] = 2, ["pages"] = 7 },
        };

        Parts(table.Price(record)).Should().Be((0.01225m, 0m, 0m, 0.12m, 0m), "seconds are paid once, whichever field names them");
    }

    [Fact]
    public void Tools_cost_what_their_fields_say()
    {
        PriceTable table = LiteLlm(
            """
            "input_cost_per_token":1e-06,"output_cost_per_token":1e-06,"file_search_cost_per_1k_calls":2.5,
            "google_maps_grounding_cost_per_query":0.025,
            "search_context_cost_per_query":{"search_context_size_low":0.03,"search_context_size_medium":0.035,
            "search_context_size_high":0.05}
            """);
        UsageRecord record = Used(default) with
        {
            ServerToolUse =
                new Dictionary<string, long> { ["web_search_requests"] = 2, ["file_search_requests"] = 4, ["google_maps_requests"] = 1 },
        };

        table.Price(record)!.ServerTools.Should().Be(0.105m); // 2 × 0.035 + 4 × 0.0025 + 0.025
    }

    [Fact]
    public void A_search_that_is_billed_per_prompt_is_paid_once()
    {
        PriceTable table = LiteLlm(""" "input_cost_per_token":1e-06,"output_cost_per_token":1e-06"""
            + ""","web_search_billing_unit":"per_prompt","search_context_cost_per_query":{"search_context_size_medium":0.035} """);

        table.Price(Used(default) with { ServerToolUse = new Dictionary<string, long> { ["web_search_requests"] = 4 } })!.ServerTools
            .Should().Be(0.035m);
    }

    [Theory]
    [InlineData(""" "input_cost_per_token":0.0,"mode":"image_generation" """, UnpricedReasons.NoRate)] // A 0 beside nothing.
    [InlineData(""" "output_cost_per_token":0.0 """, UnpricedReasons.NoRate)]
    [InlineData(""" "mode":"chat" """, UnpricedReasons.NoRate)]
    // Priced by images, of which none was reported.
    [InlineData(""" "input_cost_per_token":0.0,"output_cost_per_token":0.0,"output_cost_per_image":0.04 """, UnpricedReasons.NoUsage)]
    [InlineData(""" "input_cost_per_token":0.0,"output_cost_per_token":0.0 """, null)] // Free.
    [InlineData(""" "input_cost_per_token":1e-08,"output_cost_per_token":0.0 """, null)]
    public void A_0_is_a_price_only_where_both_directions_have_one(string costs, string? reason)
    {
        LiteLlm(costs).Evaluate(Used(new TokenUsage { InputTokens = 10, OutputTokens = 10 })).UnpricedReason.Should().Be(reason);
    }

    [Fact]
    public void The_sample_is_no_model_and_names_of_prices_that_are_not_read_are_listed()
    {
        PriceTable table = Parse(
            """
            {"sample_spec":{"input_cost_per_token":0.0,"output_cost_per_token":0.0,"max_tokens":"a sentence","litellm_provider":"acme"},
            "m":{"litellm_provider":"acme","input_cost_per_token":1e-06,"output_cost_per_token":1e-06,"input_cost_per_dream":7,
            "output_cost_per_dream":null,"supports_dreams":true,"max_tokens":"a sentence"}}
            """);

        table.UnreadFields.Should().Equal("input_cost_per_dream");
        table.Evaluate(Used(default) with { ResponseModel = "sample_spec" }).UnpricedReason.Should().Be(UnpricedReasons.UnknownModel);
        table.Price(Used(new TokenUsage { InputTokens = 1 }))!.Total.Should().Be(0.000001m);
    }

    [Theory]
    [InlineData("openai", "gpt-x", "openai/gpt-x")]
    [InlineData("azure", "gpt-x", "azure/gpt-x")]
    [InlineData("azure.ai.openai", "gpt-x", "azure/gpt-x")]
    [InlineData("google", "gemini-x", "gemini/gemini-x")]
    [InlineData("vertex_ai", "gemini-y", "vertex_ai-language-models/gemini-y")]
    [InlineData("gemini", "gemini-z", "gemini/gemini-z")]
    [InlineData("aws", "us.anthropic.claude-x-v1:0", "bedrock_converse/anthropic.claude-x-v1:0")]
    [InlineData("fireworks", "accounts/fireworks/models/x", "fireworks_ai/accounts/fireworks/models/x")]
    [InlineData("anything", "house-model", "house-model")]
    public void A_key_is_found_with_or_without_its_prefix_under_every_name_of_its_provider(string provider, string model, string pricedAs)
    {
        PriceTable table = Parse(
            """
            {"gpt-x":{"litellm_provider":"openai","input_cost_per_token":1e-06},"azure/gpt-x":{"litellm_provider":"azure",
            "input_cost_per_token":2e-06},
            "gemini/gemini-x":{"litellm_provider":"gemini","input_cost_per_token":1e-06},
            "gemini-y":{"litellm_provider":"vertex_ai-language-models","input_cost_per_token":1e-06},
            "gemini/gemini-z":{"litellm_provider":"gemini","input_cost_per_token":1e-06},
            "gemini-z":{"litellm_provider":"vertex_ai-language-models","input_cost_per_token":2e-06},
            "anthropic.claude-x-v1:0":{"litellm_provider":"bedrock_converse","input_cost_per_token":1e-06},
            "fireworks_ai/accounts/fireworks/models/x":{"litellm_provider":"fireworks_ai","input_cost_per_token":1e-06},
            "house-model":{"input_cost_per_token":1e-06}}
            """);

        table.Price(Used(new TokenUsage { InputTokens = 1 }) with
        {
            Context = new UsageContext { Provider = provider },
            ResponseModel = model,
            Protocol = "openai-chat",
        })!.PricedAs.Should().Be(pricedAs);
    }

    [Fact]
    public void A_search_priced_by_its_number_of_results_has_no_rate_and_spoils_no_other_entry()
    {
        PriceTable table = Parse(
            """
            {"exa_ai/search":{"litellm_provider":"exa_ai","mode":"search",
            "tiered_pricing":[{"max_results_range":[0,25],"input_cost_per_query":0.005},
            {"max_results_range":[26,100],"input_cost_per_query":0.025}]},
            "m":{"litellm_provider":"acme","input_cost_per_token":1e-06}}
            """);
        UsageRecord search = Used(default) with
        {
            Context = new UsageContext { Provider = "exa_ai" },
            ResponseModel = "search",
            BilledUnits = new Dictionary<string, decimal> { ["search_units"] = 1 },
        };

        table.UnreadFields.Should().Equal("tiered_pricing");
        table.Evaluate(search).UnpricedReason.Should().Be(UnpricedReasons.NoRate);
        table.Price(Used(new TokenUsage { InputTokens = 1 }))!.Total.Should().Be(0.000001m);
    }

    [Fact]
    public void Two_entries_that_disagree_leave_the_record_unpriced()
    {
        PriceTable table = Parse(
            """
            {"gemini/g":{"litellm_provider":"gemini","input_cost_per_token":1e-06,"output_cost_per_token":3e-06},
            "g":{"litellm_provider":"vertex_ai-language-models","input_cost_per_token":1e-06,"output_cost_per_token":4e-06}}
            """);
        UsageRecord record = Used(new TokenUsage { InputTokens = 1, OutputTokens = 1 }) with
        {
            Context = new UsageContext { Provider = "google" },
            ResponseModel = "g",
        };

        table.Evaluate(record).UnpricedReason.Should().Be(UnpricedReasons.AmbiguousModel);
        table.Price(record with { BilledUsage = new TokenUsage { InputTokens = 1 } })!.Total
            .Should().Be(0.000001m, "they agree on what this one used");
    }
}
