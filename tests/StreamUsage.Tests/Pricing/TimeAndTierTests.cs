using StreamUsage.Pricing;
using StreamUsage.Tests.Support;
using static StreamUsage.Tests.Support.PriceTables;

namespace StreamUsage.Tests.Pricing;

/// <summary>Prices that depend on the total input, the date and the time of day.</summary>
public sealed class TimeAndTierTests
{
    [Theory]
    [InlineData(200_000, 0.2)]
    [InlineData(200_001, 0.400002)]
    [InlineData(1_000_001, 3.000003)]
    public void A_tier_holds_for_all_tokens_once_the_total_input_is_past_its_start(long input, double expected)
    {
        PriceTable table = GenAi(
            """{"input_mtok":{"base":1,"tiers":[{"start":1000000,"price":3},{"start":200000,"price":2}]},"output_mtok":1}""");

        table.Price(Used(new TokenUsage { InputTokens = input }))!.Input.Should().Be((decimal)expected);
    }

    [Fact]
    public void Cached_input_counts_for_the_tier_and_each_key_has_its_own()
    {
        PriceTable table = GenAi("""{"input_mtok":{"base":1,"tiers":[{"start":100,"price":2}]},"cache_read_mtok":0.1,"output_mtok":"""
            + """{"base":4,"tiers":[{"start":1000,"price":5}]}}""");

        UsageCost? cost = table.Price(Used(new TokenUsage { InputTokens = 50, CacheReadInputTokens = 51, OutputTokens = 10 }));

        Parts(cost).Should().Be((0.0001m, 0.0000051m, 0m, 0.00004m, 0m));
    }

    [Theory]
    [InlineData("2026-08-31T23:59:59Z", 2)]
    [InlineData("2026-09-01T00:00:00Z", 3)]
    [InlineData("2026-09-01T01:00:00+02:00", 2)] // Still August in UTC.
    [InlineData("2027-01-01T00:00:00Z", 4)]
    public void A_dated_price_holds_from_its_utc_date_on(string startedAt, int price)
    {
        PriceTable table = GenAi(
            """[{"prices":{"input_mtok":2}},{"constraint":{"start_date":"2026-09-01"},"prices":{"input_mtok":3}},"""
            + """{"constraint":{"start_date":"2027-01-01"},"prices":{"input_mtok":4}}]""");

        table.Price(Used(new TokenUsage { InputTokens = 1_000_000 }) with { StartedAt = At(startedAt) })!.Input.Should().Be(price);
    }

    [Theory]
    [InlineData("2026-08-21T00:29:59Z", 1)]
    [InlineData("2026-08-21T00:30:00Z", 2)]
    [InlineData("2026-08-21T16:29:59Z", 2)]
    [InlineData("2026-08-21T16:30:00Z", 1)]
    [InlineData("2026-08-21T02:30:00+02:00", 2)]
    public void A_time_of_day_holds_from_its_start_until_before_its_end(string startedAt, int price)
    {
        PriceTable table = GenAi(
            """[{"prices":{"input_mtok":1}},{"constraint":{"start_time":"00:30:00Z","end_time":"16:30:00Z"},"prices":{"input_mtok":2}}]""");

        table.Price(Used(new TokenUsage { InputTokens = 1_000_000 }) with { StartedAt = At(startedAt) })!.Input.Should().Be(price);
    }

    [Fact]
    public void Of_prices_that_hold_at_once_the_last_one_counts_and_without_any_the_first()
    {
        PriceTable table = GenAi(
            """
            [{"constraint":{"start_date":"2030-01-01"},"prices":{"input_mtok":1}},{"constraint":{"start_date":"2026-01-01"},
            "prices":{"input_mtok":2}},
            {"constraint":{"start_date":"2026-02-01"},"prices":{"input_mtok":3}}]
            """);
        UsageRecord record = Used(new TokenUsage { InputTokens = 1_000_000 });

        table.Price(record)!.Input.Should().Be(3);
        table.Price(record with { StartedAt = At("2020-01-01T00:00:00Z") })!.Input.Should().Be(1);
    }

    [Theory]
    [InlineData("2026-08-21T17:00:00Z", 1)] // A Friday.
    [InlineData("2026-08-22T00:29:00Z", 1)]
    [InlineData("2026-08-21T12:00:00Z", 2)]
    [InlineData("2026-08-22T12:00:00Z", 1)] // A Saturday.
    public void Off_peak_hours_of_litellm_span_midnight_and_name_weekdays(string startedAt, int price)
    {
        PriceTable table = LiteLlm(
            """
            "input_cost_per_token":0.000002,"output_cost_per_token":0.000004,
            "off_peak_pricing":{"hours_utc":"16:30-00:30","windows":[{"weekdays":["sat",7],"hours_utc":["00:00-00:00"]}],
            "input_cost_per_token":0.000001}
            """);

        UsageCost? cost =
            table.Price(Used(new TokenUsage { InputTokens = 1_000_000, OutputTokens = 1_000_000 }) with { StartedAt = At(startedAt) });

        (cost!.Input, cost.Output).Should().Be((price, 4));
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
