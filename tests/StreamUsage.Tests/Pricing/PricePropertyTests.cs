using System.Globalization;
using CsCheck;
using StreamUsage.Pricing;
using StreamUsage.Tests.Support;
using static StreamUsage.Tests.Support.PriceTables;

namespace StreamUsage.Tests.Pricing;

/// <summary>What holds for every table and every usage.</summary>
public sealed class PricePropertyTests
{
    private static readonly string[] Keys = ["input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok",
        "input_audio_mtok", "cache_audio_read_mtok", "output_audio_mtok", "output_reasoning_mtok"];

    // Input and output always have a rate, the others may. Tiers rise, as public ones do.
    private static readonly Gen<PriceTable> Tables =
        Gen.Select(Gen.Int[0, 5000].Array[9], Gen.Bool.Array[9], Gen.Int[0, 3000], (prices, has, start) => GenAi(
            "{" + string.Join(',', Keys.Select((key, i) => (key, price: prices[i] / 100m, isThere: i < 2 || has[i]))
                .Where(k => k.isThere).Select(k => string.Create(
                    CultureInfo.InvariantCulture,
                    $$"""  "{{k.key}}":{"base":{{k.price}},"tiers":[{"start":{{start}},"price":{{k.price * 2}}}]}  """))) + "}"));

    private static readonly Gen<TokenUsage> Usages =
        Gen.Select(Gen.Long[0, 2000].Array[6], Gen.Double[0, 1].Array[4], (counts, parts) => new TokenUsage
        {
            InputTokens = counts[0],
            CacheReadInputTokens = counts[1],
            CacheCreationInputTokens = counts[2] + counts[3],
            CacheCreation5mInputTokens = counts[2],
            CacheCreation1hInputTokens = (long)(counts[3] * parts[0]),
            OutputTokens = counts[4],
            InputAudioTokens = (long)(counts[0] * parts[1]) + (long)(counts[1] * parts[2]),
            CacheReadAudioTokens = (long)(counts[1] * parts[2]),
            OutputAudioTokens = (long)(counts[4] * parts[3] / 2),
            ReasoningTokens = (long)(counts[4] * parts[0] / 2),
        });

    [Fact]
    public void A_cost_is_never_negative_and_its_parts_sum_up_to_the_total()
    {
        Gen.Select(Tables, Usages).Sample((table, usage) =>
        {
            UsageCost cost = table.Price(Used(usage))!;
            decimal[] parts = [cost.Input, cost.CacheRead, cost.CacheCreation, cost.Output, cost.ServerTools];

            parts.Should().OnlyContain(part => part >= 0);
            parts.Sum().Should().Be(cost.Total);
        }, iter: 1000);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void A_token_more_in_a_bucket_never_costs_less(int bucket)
    {
        Gen.Select(Tables, Usages).Sample((table, usage) =>
        {
            TokenUsage more = bucket switch
            {
                0 => usage with { InputTokens = usage.InputTokens + 1 },
                1 => usage with { CacheReadInputTokens = usage.CacheReadInputTokens + 1 },
                2 => usage with { CacheCreationInputTokens = usage.CacheCreationInputTokens + 1 },
                3 => usage with
                {
                    CacheCreationInputTokens = usage.CacheCreationInputTokens + 1,
                    CacheCreation5mInputTokens = usage.CacheCreation5mInputTokens + 1,
                },
                4 => usage with
                {
                    CacheCreationInputTokens = usage.CacheCreationInputTokens + 1,
                    CacheCreation1hInputTokens = usage.CacheCreation1hInputTokens + 1,
                },
                _ => usage with { OutputTokens = usage.OutputTokens + 1 },
            };

            table.Price(Used(more))!.Total.Should().BeGreaterThanOrEqualTo(table.Price(Used(usage))!.Total);
        }, iter: 1000);
    }

    [Fact]
    public void The_order_of_iterations_does_not_change_the_total()
    {
        Gen.Select(Tables, Usages.Array[1, 5], Gen.Int).Sample((table, usages, seed) =>
        {
            UsageIteration[] iterations = [.. usages.Select(usage => new UsageIteration { Type = "message", Usage = usage })];
            UsageIteration[] shuffled = [.. iterations];
            new Random(seed).Shuffle(shuffled);

            table.Price(Used(default) with { Iterations = shuffled })!.Total
                .Should().Be(table.Price(Used(default) with { Iterations = iterations })!.Total);
        }, iter: 500);
    }

    [Fact]
    public void A_record_that_was_read_back_costs_the_same()
    {
        Gen.Select(Tables, Usages, Usages).Sample((table, usage, iteration) =>
        {
            UsageRecord record =
                Used(usage) with { Iterations = usage.InputTokens % 2 == 0 ? [] : [new UsageIteration { Usage = iteration }] };
            UsageRecord priced = record with { Cost = table.Price(record) };
            UsageRecord again = UsageRecordJson.Read(UsageRecordJson.ToUtf8Bytes(priced));

            again.Cost.Should().Be(priced.Cost);
            table.Price(again).Should().Be(priced.Cost);
        }, iter: 500);
    }
}
