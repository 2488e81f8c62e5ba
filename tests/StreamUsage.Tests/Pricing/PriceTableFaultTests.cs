using StreamUsage.Pricing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Pricing;

/// <summary>A malformed table is refused as a whole, and the message names the entry.</summary>
public sealed class PriceTableFaultTests
{
    [Theory]
    [InlineData("", "*not JSON*")]
    [InlineData("[", "*not JSON*")]
    [InlineData("[] []", "*not JSON*")]
    [InlineData("3", "*array of providers*")]
    [InlineData("""[{"name":"x"}]""", "*'provider 0'*'id'*")]
    [InlineData("""[{"id":"a"}]""", "*'a'*'models'*")]
    [InlineData("""[{"id":"a","models":[{"id":"m"}]}]""", "*'a/m'*'prices'*")]
    [InlineData("""[{"id":"a","models":[{"match":{}}]}]""", "*'a/model 0'*'id'*")]
    [InlineData("""[{"id":"a","models":[{"id":"m","prices":{"input_mtok":"much"}}]}]""", "*'a/m'*'input_mtok'*")]
    [InlineData("""[{"id":"a","models":[{"id":"m","prices":{"input_mtok":-1}}]}]""", "*'a/m'*'input_mtok'*")]
    [InlineData("""[{"id":"a","models":[{"id":"m","prices":{"input_mtok":1e99}}]}]""", "*'a/m'*'input_mtok'*")]
    [InlineData("""[{"id":"a","models":[{"id":"m","prices":{"input_mtok":{"base":1}}}]}]""", "*'a/m'*'tiers'*")]
    [InlineData("""[{"id":"a","models":[{"id":"m","prices":{"input_mtok":{"base":1,"tiers":[{"start":-1,"price":1}]}}}]}]""",
        "*'a/m'*tier*")]
    [InlineData("""[{"id":"a","models":[{"id":"m","prices":[]}]}]""", "*'a/m'*empty*")]
    [InlineData("""[{"id":"a","models":[{"id":"m","prices":[{"constraint":{"full_moon":"yes"},"prices":{}}]}]}]""", "*'a/m'*full_moon*")]
    [InlineData("""[{"id":"a","models":[{"id":"m","prices":[{"constraint":{"start_time":"00:00:00Z"},"prices":{}}]}]}]""",
        "*'a/m'*end_time*")]
    [InlineData("""[{"id":"a","models":[{"id":"m","match":{"sounds_like":"x"},"prices":{}}]}]""", "*'a/m'*sounds_like*")]
    [InlineData("""[{"id":"a","models":[{"id":"m","match":{"regex":"("},"prices":{}}]}]""", "*'a/m'*regular expression*")]
    [InlineData("""{"m":3}""", "*'m'*object*")]
    [InlineData("""{"m":{"input_cost_per_token":"free"}}""", "*'m'*'input_cost_per_token'*")]
    [InlineData("""{"m":{"tiered_pricing":[{"input_cost_per_token":1}]}}""", "*'m'*range*")]
    [InlineData("""{"m":{"off_peak_pricing":{"hours_utc":"at night"}}}""", "*'m'*at night*")]
    [InlineData("""{"m":{"provider_specific_entry":3}}""", "*'m'*provider_specific_entry*")]
    public void A_malformed_table_is_refused_and_names_the_entry(string json, string message)
    {
        FluentActions.Invoking(() => PriceTables.Parse(json)).Should().Throw<FormatException>().WithMessage(message);
    }

    [Fact]
    public void Names_of_prices_that_are_not_read_are_listed_once()
    {
        PriceTable table = PriceTables.Parse(
            """[{"id":"a","models":[{"id":"m","match":{"equals":"m"},"prices":{"input_mtok":1,"dreams_kcount":2},"mood":"good"},"""
            + """{"id":"n","prices":{"dreams_kcount":2}}]}]""");

        table.UnreadFields.Should().Equal("dreams_kcount", "mood");
    }

    [Fact]
    public void A_byte_order_mark_and_nulls_pass()
    {
        byte[] json = [0xEF,
            0xBB, 0xBF, .. """[{"id":"a","provider_match":null,"models":[{"id":"m","prices":{"input_mtok":1,"output_mtok":null}}]}]"""u8];

        PriceTable.Parse(json).UnreadFields.Should().BeEmpty();
    }

    [Fact]
    public void The_shared_table_is_read_whole()
    {
        PriceTable.Load(SharedFiles.Require("data", "usage-prices", "prices.json")).UnreadFields.Should().BeEmpty();
    }
}
