using System.Globalization;
using StreamUsage.Pricing;
using StreamUsage.Tests.Support;
using static StreamUsage.Tests.Support.PriceTables;

namespace StreamUsage.Tests.Pricing;

/// <summary>
/// A model with every group of costs that LiteLLM's table has: each token in each class above each threshold, each
/// modality, unit and tool. Prices are hand-computed.
/// </summary>
public sealed class LiteLlmEveryCostTests
{
    private static readonly (string Suffix, decimal Extra)[] Thresholds =
        [("", 0), ("_above_128k_tokens", 0.1m), ("_above_200k_tokens", 0.2m), ("_above_272k_tokens", 0.3m), ("_above_512k_tokens", 0.4m)];

    private static readonly (string Suffix, decimal Factor)[] Classes =
        [("", 1), ("_priority", 2), ("_flex", 0.5m), ("_batches", 0.25m), ("_ultrafast", 6)];

    // Dollars for a million, and how much of a threshold's extra is added.
    private static readonly (string Name, decimal Price, decimal Extra)[] Tokens =
    [
        ("input_cost_per_token", 1, 1), ("output_cost_per_token", 2, 1), ("output_cost_per_reasoning_token", 3, 1),
        ("cache_read_input_token_cost", 0.1m, 0.1m),
        ("cache_creation_input_token_cost", 1.25m, 1), ("cache_creation_input_token_cost_above_1hr", 2, 1),
    ];

    private static readonly PriceTable Every = LiteLlm(string.Join(',', Fields())
        + ""","regional_processing_uplift_multiplier_eu":1.2,"provider_specific_entry":{"us":1.1,"fast":6.0} """);

    // Of 100,000: 60,000 × 1 + 10,000 × 0.1 + 20,000 × 1.25 + 10,000 × 2 + 600 × 2 + 400 × 3 = 108,400 millionths.
    // Of 150,000: 110,000 × 1.1 + 10,000 × 0.11 + 20,000 × 1.35 + 10,000 × 2.1 + 600 × 2.1 + 400 × 3.1 = 172,600.
    // Of 250,000: 210,000 × 1.2 + 10,000 × 0.12 + 20,000 × 1.45 + 10,000 × 2.2 + 600 × 2.2 + 400 × 3.2 = 306,800.
    // Of 300,000: 260,000 × 1.3 + 10,000 × 0.13 + 20,000 × 1.55 + 10,000 × 2.3 + 600 × 2.3 + 400 × 3.3 = 396,000.
    // Of 600,000: 560,000 × 1.4 + 10,000 × 0.14 + 20,000 × 1.65 + 10,000 × 2.4 + 600 × 2.4 + 400 × 3.4 = 845,200.
    [Theory]
    [InlineData(null, 100_000, "0.1084")]
    [InlineData(null, 128_000, "0.1364")]
    [InlineData(null, 128_001, "0.1484011")]
    [InlineData(null, 150_000, "0.1726")]
    [InlineData(null, 250_000, "0.3068")]
    [InlineData(null, 300_000, "0.396")]
    [InlineData(null, 600_000, "0.8452")]
    [InlineData("priority", 100_000, "0.2168")]
    [InlineData("priority", 150_000, "0.3452")]
    [InlineData("priority", 250_000, "0.6136")]
    [InlineData("priority", 300_000, "0.792")]
    [InlineData("priority", 600_000, "1.6904")]
    [InlineData("flex", 100_000, "0.0542")]
    [InlineData("flex", 150_000, "0.0863")]
    [InlineData("flex", 250_000, "0.1534")]
    [InlineData("flex", 300_000, "0.198")]
    [InlineData("flex", 600_000, "0.4226")]
    [InlineData("batch", 100_000, "0.0271")]
    [InlineData("batch", 150_000, "0.04315")]
    [InlineData("batch", 250_000, "0.0767")]
    [InlineData("batch", 300_000, "0.099")]
    [InlineData("batch", 600_000, "0.2113")]
    [InlineData("ultrafast", 100_000, "0.6504")]
    [InlineData("ultrafast", 150_000, "1.0356")]
    [InlineData("ultrafast", 250_000, "1.8408")]
    [InlineData("ultrafast", 300_000, "2.376")]
    [InlineData("ultrafast", 600_000, "5.0712")]
    public void Every_token_has_its_rate_in_every_class_above_every_threshold(string? tier, long totalInput, string expected)
    {
        Total(Every.Price(Used(Usage(totalInput)) with { ServiceTier = tier })).Should().Be(expected);
    }

    [Theory]
    [InlineData(null, "eu", "0.13008")]
    [InlineData(null, "us", "0.11924")]
    [InlineData("fast", null, "0.6504")]
    [InlineData("fast", "eu", "0.78048")]
    public void Speeds_and_regions_are_factors_on_all_of_it(string? speed, string? geo, string expected)
    {
        Total(Every.Price(Used(Usage(100_000)) with { Speed = speed, InferenceGeo = geo })).Should().Be(expected);
    }

    [Fact]
    public void Every_modality_has_its_rate()
    {
        PriceTable table = LiteLlm(
            """
            "input_cost_per_token":1e-06,"output_cost_per_token":2e-06,"input_cost_per_audio_token":1e-05,
            "input_cost_per_image_token":3e-06,"input_cost_per_video_token":4e-06,
            "cache_read_input_token_cost":1e-07,"cache_read_input_audio_token_cost":2e-06,"cache_read_input_image_token_cost":3e-07,
            "cache_creation_input_token_cost":1.25e-06,
            "cache_creation_input_audio_token_cost":1.2e-05,"output_cost_per_audio_token":2e-05,"output_cost_per_image_token":3e-05,
            "output_cost_per_video_token":4e-05,
            "citation_cost_per_token":5e-06
            """);
        UsageRecord record = Used(new TokenUsage
        {
            InputTokens = 1000,
            CacheReadInputTokens = 400,
            InputAudioTokens = 150,
            CacheReadAudioTokens = 50,
            OutputTokens = 1000,
            OutputAudioTokens = 100,
            OutputImageTokens = 200,
        }) with
        {
            TokenDetails = new Dictionary<string, long>
            {
                ["input_image_tokens"] = 230,
                ["cache_read_image_tokens"] = 30,
                ["input_video_tokens"] = 100,
                ["output_video_tokens"] = 50,
                ["output_citation_tokens"] = 60,
            },
        };

        // 100 × 10 + 200 × 3 + 100 × 4 + 600 × 1; 50 × 2 + 30 × 0.3 + 320 × 0.1; 100 × 20 + 200 × 30 + 50 × 40 + 60 × 5
        // + 590 × 2.
        Parts(table.Price(record)).Should().Be((0.0026m, 0.000141m, 0m, 0.01148m, 0m));
        table.UnreadFields.Should().BeEmpty();
    }

    [Theory]
    [InlineData("input_cost_per_second", "0.0001", "audio_seconds", "12.5", "0.00125")]
    [InlineData("output_cost_per_second", "0.0001", "audio_seconds", "12.5", "0.00125")]
    [InlineData("input_cost_per_audio_per_second", "0.0002", "audio_seconds", "90", "0.018")]
    [InlineData("input_cost_per_image", "0.0011", "images", "3", "0.0033")]
    [InlineData("output_cost_per_image", "0.04", "images", "3", "0.12")]
    [InlineData("input_cost_per_pixel", "2e-08", "pixels", "1048576", "0.02097152")]
    [InlineData("output_cost_per_pixel", "2e-08", "pixels", "1048576", "0.02097152")]
    [InlineData("input_cost_per_character", "1.5e-05", "characters", "200", "0.003")]
    [InlineData("input_cost_per_query", "0.002", "search_units", "7", "0.014")]
    [InlineData("ocr_cost_per_page", "0.001", "pages", "12", "0.012")]
    [InlineData("annotation_cost_per_page", "0.003", "annotated_pages", "12", "0.036")]
    public void Every_unit_has_its_rate(string name, string price, string unit, string quantity, string expected)
    {
        UsageRecord record = Used(default) with
        {
            BilledUnits = new Dictionary<string, decimal> { [unit] = decimal.Parse(quantity, CultureInfo.InvariantCulture) },
        };

        Total(LiteLlm($"\"{name}\":{price}").Price(record)).Should().Be(expected);
    }

    [Theory]
    [InlineData("\"file_search_cost_per_1k_calls\":2.5", "file_search_requests", "0.01")]
    [InlineData("\"google_maps_grounding_cost_per_query\":0.025", "google_maps_requests", "0.1")]
    [InlineData("\"code_interpreter_cost_per_session\":0.03", "code_interpreter_sessions", "0.12")]
    [InlineData("\"search_context_cost_per_query\":{\"search_context_size_low\":0.03,\"search_context_size_medium\":0.035,"
        + "\"search_context_size_high\":0.05}", "web_search_requests", "0.14")]
    public void Every_tool_has_its_rate(string cost, string tool, string expected)
    {
        Total(LiteLlm(cost).Price(Used(default) with { ServerToolUse = new Dictionary<string, long> { [tool] = 4 } }))
            .Should().Be(expected);
    }

    [Fact]
    public void Costs_of_what_no_record_counts_are_named_and_their_models_are_unpriced()
    {
        PriceTable table = LiteLlm(
            """
            "output_cost_per_video_per_second":0.1,"output_cost_per_video_per_second_1080p":0.2,
            "input_cost_per_video_per_second_above_128k_tokens":0.1,"output_cost_per_character":1e-05,
            "file_search_cost_per_gb_per_day":0.1,"ptu_count":15,"cost_per_ptu_per_hour":1
            """);

        table.UnreadFields.Should().Equal(
            "cost_per_ptu_per_hour", "file_search_cost_per_gb_per_day", "input_cost_per_video_per_second_above_128k_tokens",
            "output_cost_per_character",
            "output_cost_per_video_per_second", "output_cost_per_video_per_second_1080p");
        table.Evaluate(Used(default)).UnpricedReason.Should().Be(UnpricedReasons.NoRate, "no counts are no proof that it was free");
        table.Price(Used(default) with { Status = UsageStatus.Failed })!.Total.Should().Be(0);
    }

    private static IEnumerable<string> Fields() =>
        from token in Tokens
        from threshold in Thresholds
        from tier in Classes
        select string.Create(
            CultureInfo.InvariantCulture,
            $"\"{token.Name}{threshold.Suffix}{tier.Suffix}\":{(token.Price + (threshold.Extra * token.Extra)) * tier.Factor}e-06");

    private static TokenUsage Usage(long totalInput) => new()
    {
        InputTokens = totalInput - 40_000,
        CacheReadInputTokens = 10_000,
        CacheCreationInputTokens = 30_000,
        CacheCreation5mInputTokens = 20_000,
        CacheCreation1hInputTokens = 10_000,
        OutputTokens = 1000,
        ReasoningTokens = 400,
    };

    // Amounts have the same digits, however many zeros follow.
    private static string? Total(UsageCost? cost) => cost?.Total.ToString("0.############################", CultureInfo.InvariantCulture);
}
