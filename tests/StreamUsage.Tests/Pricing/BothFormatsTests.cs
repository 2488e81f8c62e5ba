using System.Globalization;
using CsCheck;
using StreamUsage.Pricing;
using StreamUsage.Tests.Support;
using static StreamUsage.Tests.Support.PriceTables;

namespace StreamUsage.Tests.Pricing;

/// <summary>
/// The same model costs the same in both table formats. Where two tables disagree, the hand-computed price says which
/// one is wrong.
/// </summary>
public sealed class BothFormatsTests
{
    private static readonly PriceTable GenAiPrices = Parse(
        """
        [{"id":"anthropic","models":[{"id":"claude-x","prices":{"input_mtok":{"base":3,"tiers":[{"start":200000,"price":6}]},
            "cache_read_mtok":{"base":0.3,"tiers":[{"start":200000,"price":0.6}]},
            "cache_write_mtok":{"base":3.75,"tiers":[{"start":200000,"price":7.5}]},
            "cache_write_1h_mtok":{"base":6,"tiers":[{"start":200000,"price":12}]},
            "output_mtok":{"base":15,"tiers":[{"start":200000,"price":22.5}]},"web_searches_kcount":10}}]},
        {"id":"google","models":[{"id":"gemini-x","prices":{"input_mtok":0.3,"cache_read_mtok":0.03,"input_audio_mtok":1,
            "cache_audio_read_mtok":0.1,"output_mtok":2.5,"output_image_mtok":30}}]}]
        """);

    private static readonly PriceTable LiteLlmPrices = Parse(
        """
        {"claude-x":{"litellm_provider":"anthropic","input_cost_per_token":3e-06,"input_cost_per_token_above_200k_tokens":6e-06,
            "cache_read_input_token_cost":3e-07,"cache_read_input_token_cost_above_200k_tokens":6e-07,
            "cache_creation_input_token_cost":3.75e-06,"cache_creation_input_token_cost_above_200k_tokens":7.5e-06,
            "cache_creation_input_token_cost_above_1hr":6e-06,"cache_creation_input_token_cost_above_1hr_above_200k_tokens":1.2e-05,
            "output_cost_per_token":1.5e-05,"output_cost_per_token_above_200k_tokens":2.25e-05,"search_context_cost_per_query":
            {"search_context_size_low":0.01,"search_context_size_medium":0.01,"search_context_size_high":0.01}},
        "gemini/gemini-x":{"litellm_provider":"gemini","input_cost_per_token":3e-07,"cache_read_input_token_cost":3e-08,
            "input_cost_per_audio_token":1e-06,
            "cache_read_input_audio_token_cost":1e-07,"output_cost_per_token":2.5e-06,"output_cost_per_image_token":3e-05}}
        """);

    public static TheoryData<string, TokenUsage, decimal> Cases => new()
    {
        { "claude-x", new TokenUsage { InputTokens = 1000, OutputTokens = 100 }, 0.0045m },
        { "claude-x", new TokenUsage { InputTokens = 200_000 }, 0.6m },
        { "claude-x", new TokenUsage { InputTokens = 200_001, OutputTokens = 100 }, 1.202256m },
        { "claude-x", new TokenUsage
        {
            CacheReadInputTokens = 150_000,
            CacheCreationInputTokens = 60_000,
            CacheCreation1hInputTokens = 20_000,
            CacheCreation5mInputTokens = 40_000,
        },
            0.63m },
        { "gemini-x", new TokenUsage
        {
            InputTokens = 900,
            CacheReadInputTokens = 100,
            InputAudioTokens = 500,
            CacheReadAudioTokens = 50,
            OutputTokens = 100,
            OutputImageTokens = 40,
        },
            0.0019415m },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_model_costs_the_same_in_both_formats(string model, TokenUsage usage, decimal expected)
    {
        UsageRecord record = Used(usage) with
        {
            Context = new UsageContext { Provider = model == "claude-x" ? "anthropic" : "google" },
            ResponseModel = model,
        };

        GenAiPrices.Price(record)!.Total.Should().Be(expected, "that is the price, whatever the table of genai-prices says");
        LiteLlmPrices.Price(record)!.Total.Should().Be(expected, "that is the price, whatever LiteLLM's table says");
    }

    [Fact]
    public void Any_rates_give_the_same_price_in_both_formats()
    {
        Gen.Select(Gen.Int[1, 100_000].Array[5], Gen.Long[0, 300_000].Array[5]).Sample((prices, counts) =>
        {
            decimal[] mtok = [.. prices.Select(price => price / 1000m)];
            PriceTable genAi = GenAi(string.Create(
                CultureInfo.InvariantCulture,
                $$"""{"input_mtok":{"base":{{mtok[0]}},"tiers":[{"start":128000,"price":{{mtok[4]}}}]},"cache_read_mtok":"""
                    + $$"""{{mtok[1]}},"cache_write_mtok":{{mtok[2]}},"output_mtok":{{mtok[3]}}}"""));
            PriceTable liteLlm = LiteLlm(string.Create(
                CultureInfo.InvariantCulture,
                $"""
                "input_cost_per_token":{mtok[0]}e-6,"input_cost_per_token_above_128k_tokens":{mtok[4]}e-6,
                "cache_read_input_token_cost":{mtok[1]}e-6,
                "cache_creation_input_token_cost":{mtok[2]}e-6,"output_cost_per_token":{mtok[3]}e-6
                """));
            UsageRecord record = Used(new TokenUsage
            {
                InputTokens = counts[0],
                CacheReadInputTokens = counts[1],
                CacheCreationInputTokens = counts[2],
                CacheCreation1hInputTokens = counts[2] / 2,
                OutputTokens = counts[3],
            });

            Parts(liteLlm.Price(record)).Should().Be(Parts(genAi.Price(record)));
        }, iter: 500);
    }
}
