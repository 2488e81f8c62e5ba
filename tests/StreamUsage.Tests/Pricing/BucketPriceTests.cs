using StreamUsage.Pricing;
using StreamUsage.Tests.Support;
using static StreamUsage.Tests.Support.PriceTables;

namespace StreamUsage.Tests.Pricing;

/// <summary>Each bucket at its rate, with the documented fall-backs. Prices are hand-computed.</summary>
public sealed class BucketPriceTests
{
    private const string Full =
        """{"input_mtok":3,"cache_read_mtok":0.3,"cache_write_mtok":3.75,"cache_write_1h_mtok":6,"output_mtok":15}""";

    [Fact]
    public void Each_bucket_costs_its_own_rate()
    {
        UsageCost? cost = GenAi(Full).Price(Used(new TokenUsage
        {
            InputTokens = 100,
            CacheReadInputTokens = 200,
            CacheCreationInputTokens = 700,
            CacheCreation5mInputTokens = 300,
            CacheCreation1hInputTokens = 400,
            OutputTokens = 500,
        }));

        Parts(cost).Should().Be((0.0003m, 0.00006m, 0.003525m, 0.0075m, 0m)); // 300 × 3.75 + 400 × 6 = 3525
        cost!.Total.Should().Be(0.011385m);
    }

    [Fact]
    public void A_cost_says_what_it_was_computed_from()
    {
        UsageCost? cost = GenAi(Full).Price(Used(new TokenUsage { InputTokens = 1 }));

        cost.Should().Match<UsageCost>(
            c => c.PricedAs == "acme/m" && c.Currency == "USD" && c.Multiplier == 1 && c.RateClass == "standard" && !c.IsUncertain);
        cost!.PriceTableVersion.Should().MatchRegex("^sha256:[0-9a-f]{12}$");
        cost.Rates.Should().BeEquivalentTo(new Dictionary<string, decimal>
        {
            ["input"] = 0.000003m,
            ["cache_read"] = 0.0000003m,
            ["cache_creation"] = 0.00000375m,
            ["cache_creation_1h"] = 0.000006m,
            ["output"] = 0.000015m,
        });
    }

    [Fact]
    public void Writes_of_no_stated_lifetime_cost_the_rate_of_a_write()
    {
        GenAi(Full).Price(Used(new TokenUsage { CacheCreationInputTokens = 1000 }))!.CacheCreation.Should().Be(0.00375m);
    }

    [Theory]
    [InlineData("""{"input_mtok":3,"output_mtok":15}""", 0.003, 0.003)] // Reads and writes as input.
    [InlineData("""{"input_mtok":3,"cache_write_mtok":4,"output_mtok":15}""", 0.003, 0.004)] // An hour's write as a write.
    [InlineData("""{"input_mtok":3,"cache_read_mtok":0.3,"cache_write_1h_mtok":6,"output_mtok":15}""", 0.0003, 0.006)]
    public void A_cache_bucket_without_a_rate_costs_what_contains_it(string prices, double read, double written)
    {
        UsageCost? cost = GenAi(prices).Price(
            Used(new TokenUsage { CacheReadInputTokens = 1000, CacheCreationInputTokens = 1000, CacheCreation1hInputTokens = 1000 }));

        (cost!.CacheRead, cost.CacheCreation).Should().Be(((decimal)read, (decimal)written));
    }

    [Fact]
    public void Audio_costs_its_own_rates_in_input_cache_and_output()
    {
        PriceTable table = GenAi("""{"input_mtok":1,"cache_read_mtok":0.1,"input_audio_mtok":10,"cache_audio_read_mtok":2,"output_mtok":4"""
            + ""","output_audio_mtok":40}""");

        // Of 100 audio tokens, 30 were cached: 70 of 200 uncached, 30 of 50 cached.
        UsageCost? cost = table.Price(Used(new TokenUsage
        {
            InputTokens = 200,
            CacheReadInputTokens = 50,
            InputAudioTokens = 100,
            CacheReadAudioTokens = 30,
            OutputTokens = 90,
            OutputAudioTokens = 60,
        }));

        Parts(cost).Should().Be((0.00083m, 0.000062m, 0m, 0.00252m, 0m)); // 70 × 10 + 130; 30 × 2 + 20 × 0.1; 60 × 40 + 30 × 4
    }

    [Fact]
    public void Cached_audio_without_a_rate_of_its_own_costs_a_cache_read()
    {
        PriceTable table = GenAi("""{"input_mtok":1,"cache_read_mtok":0.1,"input_audio_mtok":10,"output_mtok":4}""");

        UsageCost? cost =
            table.Price(Used(new TokenUsage { CacheReadInputTokens = 1000, InputAudioTokens = 1000, CacheReadAudioTokens = 1000 }));

        cost!.CacheRead.Should().Be(0.0001m);
    }

    [Fact]
    public void Audio_that_does_not_fit_into_uncached_input_was_cached()
    {
        PriceTable table = GenAi(
            """{"input_mtok":1,"cache_read_mtok":0.1,"input_audio_mtok":10,"cache_audio_read_mtok":2,"output_mtok":4}""");

        UsageCost? cost = table.Price(Used(new TokenUsage { InputTokens = 40, CacheReadInputTokens = 60, InputAudioTokens = 100 }));

        Parts(cost).Should().Be((0.0004m, 0.00012m, 0m, 0m, 0m));
    }

    [Fact]
    public void Images_videos_reasoning_and_citations_cost_their_own_rates()
    {
        PriceTable table = GenAi("""{"input_mtok":1,"input_image_mtok":2,"input_video_mtok":3,"output_mtok":10,"output_image_mtok":30"""
            + ""","output_reasoning_mtok":20,"output_citation_mtok":5}""");
        var usage = new TokenUsage { InputTokens = 100, OutputTokens = 100, OutputImageTokens = 10, ReasoningTokens = 20 };
        UsageRecord record = Used(usage) with
        {
            TokenDetails =
                new Dictionary<string, long> { ["input_image_tokens"] = 20, ["input_video_tokens"] = 30, ["output_citation_tokens"] = 40 },
        };

        UsageCost? cost = table.Price(record);

        Parts(cost).Should().Be((0.00018m, 0m, 0m, 0.0012m, 0m)); // 20 × 2 + 30 × 3 + 50; 10 × 30 + 20 × 20 + 40 × 5 + 30 × 10
    }

    [Theory]
    [InlineData("""{"cache_read_mtok":1,"output_mtok":1}""")]
    [InlineData("""{"input_mtok":1,"output_audio_mtok":1,"output_image_mtok":1}""")]
    public void A_bucket_that_was_used_and_has_no_rate_leaves_the_record_unpriced(string prices)
    {
        PricingResult result = GenAi(prices).Evaluate(Used(new TokenUsage { InputTokens = 1, OutputTokens = 1 }));

        (result.Cost, result.UnpricedReason, result.UnpricedModel).Should().Be((null, UnpricedReasons.NoRate, "m"));
    }

    [Fact]
    public void A_bucket_that_was_not_used_needs_no_rate()
    {
        GenAi("""{"input_mtok":0.1}""").Price(Used(new TokenUsage { InputTokens = 1000 }))!.Total.Should().Be(0.0001m);
    }

    [Fact]
    public void The_only_other_output_rate_is_that_of_a_model_of_images()
    {
        GenAi("""{"input_mtok":5,"output_image_mtok":40}""").Price(Used(new TokenUsage { OutputTokens = 100 }))!.Output.Should().Be(0.004m);
    }

    [Fact]
    public void A_price_of_0_is_a_price()
    {
        GenAi("""{"input_mtok":0,"output_mtok":0}""").Price(Used(new TokenUsage { InputTokens = 1, OutputTokens = 1 }))
            .Should().Match<UsageCost>(cost => cost.Total == 0);
    }

    [Fact]
    public void A_record_that_states_its_usage_once_costs_that()
    {
        UsageRecord record = Used(default) with { Usage = new TokenUsage { InputTokens = 1000 } };

        GenAi(Full).Price(record)!.Input.Should().Be(0.003m);
    }

    [Fact]
    public void What_is_billed_counts_where_it_differs_from_what_was_used()
    {
        UsageRecord record = Used(new TokenUsage { InputTokens = 41, OutputTokens = 28 }) with
        {
            Usage = new TokenUsage { InputTokens = 1442, OutputTokens = 29 },
        };

        Parts(GenAi(Full).Price(record)).Should().Be((0.000123m, 0m, 0m, 0.00042m, 0m));
    }

    [Theory]
    [InlineData(UsageStatus.Pending, true, UnpricedReasons.Pending)]
    [InlineData(UsageStatus.Completed, false, UnpricedReasons.EstimatedUsage)]
    [InlineData(UsageStatus.Completed, true, null)]
    public void A_response_that_is_not_settled_is_priced_as_far_as_options_allow(UsageStatus status, bool pricesEstimates, string? reason)
    {
        PriceTable table = GenAi(Full, new PriceTableOptions { PriceEstimates = pricesEstimates });

        PricingResult result =
            table.Evaluate(Used(new TokenUsage { OutputTokens = 1 }) with { Status = status, OutputSource = TokenSource.Estimated });

        result.UnpricedReason.Should().Be(reason);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1.5, 0.0045)]
    public void A_multiplier_changes_the_amounts_and_not_the_rates(double multiplier, double total)
    {
        PriceTable table = GenAi(
            Full, new PriceTableOptions { Multiplier = record => record.Context.UserId == "u" ? (decimal)multiplier : 1 });
        UsageRecord record = Used(new TokenUsage { InputTokens = 1000 });

        UsageCost? cost = table.Price(record with { Context = record.Context with { UserId = "u" } });

        cost.Should().Match<UsageCost>(
            c => c.Total == (decimal)total && c.Input == c.Total && c.Multiplier == (decimal)multiplier && c.Rates["input"] == 0.000003m);
        table.Price(record)!.Total.Should().Be(0.003m);
    }

    [Fact]
    public void Pricing_a_record_allocates_its_cost_and_nothing_else()
    {
        PriceTable table = GenAi(Full);
        UsageRecord record =
            Used(new TokenUsage { InputTokens = 100, CacheReadInputTokens = 200, CacheCreationInputTokens = 300, OutputTokens = 500 }) with
            {
                ServerToolUse = new Dictionary<string, long> { ["web_fetch_requests"] = 1 },
            };
        table.Price(record); // The first time the model is searched for.

        long priced = Allocated(() => table.Price(record)), alone = Allocated(() => new UsageCost());

        priced.Should().Be(alone);

        static long Allocated(Func<object?> make)
        {
            make();
            long before = GC.GetAllocatedBytesForCurrentThread();
            object? made = make();
            long after = GC.GetAllocatedBytesForCurrentThread();
            GC.KeepAlive(made);
            return after - before;
        }
    }

    [Fact]
    public void A_negative_multiplier_is_a_fault()
    {
        GenAi(Full, new PriceTableOptions { Multiplier = _ => -1 }).Invoking(table => table.Price(Used(default)))
            .Should().Throw<InvalidOperationException>().WithMessage("*Multiplier*");
    }
}
