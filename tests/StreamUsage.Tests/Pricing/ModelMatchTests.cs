using StreamUsage.Pricing;
using StreamUsage.Tests.Support;
using static StreamUsage.Tests.Support.PriceTables;

namespace StreamUsage.Tests.Pricing;

/// <summary>Which entry of a table prices a model.</summary>
public sealed class ModelMatchTests
{
    private const string Table =
        """
        [{"id":"openai","name":"","api_pattern":"","provider_match":{"contains":"openai"},"models":[
            {"id":"gpt-x-mini","match":{"starts_with":"gpt-x-mini"},"prices":{"input_mtok":1}},
            {"id":"gpt-x","match":{"or":[{"equals":"gpt-x"},{"regex":"^gpt-x-\\d{4}$"}]},"prices":{"input_mtok":2}},
            {"id":"ft:gpt-x","match":{"starts_with":"ft:gpt-x-special"},"prices":{"input_mtok":3}},
            {"id":"exact-id","match":{"equals":"something else"},"prices":{"input_mtok":4}},
            {"id":"shadow","match":{"contains":"exact"},"prices":{"input_mtok":5}}]},
        {"id":"azure","name":"","api_pattern":"","fallback_model_providers":["openai"],
        "models":[{"id":"phi","match":{"and":[{"contains":"ph"},{"ends_with":"i"}]},"prices":{"input_mtok":6}}]},
        {"id":"anthropic","name":"","api_pattern":"","models":[{"id":"claude-x","match":{"starts_with":"Claude-X"},
        "prices":{"input_mtok":7}}]},
        {"id":"aws","name":"","api_pattern":"","provider_match":{"contains":"bedrock"},
        "models":[{"id":"nova","match":{"equals":"amazon.nova-v1:0"},"prices":{"input_mtok":8}}]}]
        """;

    private static readonly PriceTable Prices = Parse(Table);

    [Theory]
    [InlineData("gpt-x", "openai/gpt-x")]
    [InlineData("GPT-X", "openai/gpt-x")]
    [InlineData("gpt-x-1234", "openai/gpt-x")]
    [InlineData("gpt-x-mini-2026-01-01", "openai/gpt-x-mini")] // By its rule, before a date is taken off.
    [InlineData("exact-id", "openai/exact-id")] // Its very name comes before an earlier rule.
    [InlineData("gpt-x-2026-01-01", "openai/gpt-x")]
    [InlineData("gpt-x-20260101", "openai/gpt-x")]
    [InlineData("openai/gpt-x", "openai/gpt-x")]
    [InlineData("models/gpt-x@20260101", "openai/gpt-x")]
    [InlineData("ft:gpt-x:my-organisation:name:id", "openai/ft:gpt-x")]
    [InlineData("gpt-x:free", null)]
    [InlineData("gpt-x-turbo", null)]
    [InlineData("gpt-y", null)]
    [InlineData("claude-x", null)] // Another provider's.
    public void A_model_is_found_by_name_by_rule_and_by_a_shorter_name(string model, string? pricedAs) =>
        PricedAs("openai", model, null).Should().Be(pricedAs);

    [Theory]
    [InlineData("openai", null, "gpt-x", "openai/gpt-x")]
    [InlineData("My-OpenAI", null, "gpt-x", "openai/gpt-x")] // By the provider's rule.
    [InlineData("azure", null, "phi", "azure/phi")]
    [InlineData("azure", null, "gpt-x", "openai/gpt-x")] // One step into the models of another provider.
    [InlineData("azure", null, "claude-x", null)]
    [InlineData("aws.bedrock", null, "us.amazon.nova-v1:0", "aws/nova")]
    [InlineData(null, "openai-responses", "gpt-x", "openai/gpt-x")] // The protocol's own provider.
    [InlineData("a gateway", "openai-chat", "gpt-x", "openai/gpt-x")]
    [InlineData("a gateway", "anthropic-messages", "claude-x-5", "anthropic/claude-x")]
    [InlineData(null, "bedrock-converse", "eu.amazon.nova-v1:0", "aws/nova")]
    [InlineData(null, "anthropic-messages", "gpt-x", null)]
    [InlineData(null, "gemini", "gpt-x", null)] // A provider that the table does not have.
    [InlineData("anthropic", "openai-chat", "gpt-x", null)] // A provider that the table has is believed.
    public void A_model_is_looked_for_at_its_provider(string? provider, string? protocol, string model, string? pricedAs) =>
        PricedAs(provider, model, protocol).Should().Be(pricedAs);

    [Theory]
    [InlineData("CLAUDE", "claude-x", "anthropic/claude-x")]
    [InlineData("OPENAI_CLI", "gpt-x", "openai/gpt-x")]
    public void The_format_stands_in_for_a_protocol_that_was_not_read(string format, string model, string pricedAs)
    {
        UsageRecord record = Used(default) with { Context = new UsageContext(), ApiFormat = new ApiFormat(format), ResponseModel = model };

        Prices.Price(record)?.PricedAs.Should().Be(pricedAs);
    }

    [Theory]
    [InlineData("gpt-x", "gpt-x-mini", "openai/gpt-x")]
    [InlineData(null, "gpt-x-mini", "openai/gpt-x-mini")]
    [InlineData("gpt-y", "gpt-x-mini", null)] // Who answered decides, not who was asked.
    public void The_model_that_answered_comes_before_the_one_that_was_asked_for(string? answered, string asked, string? pricedAs)
    {
        UsageRecord record =
            Used(default) with { Context = new UsageContext { Provider = "openai", Model = asked }, ResponseModel = answered };

        Prices.Price(record)?.PricedAs.Should().Be(pricedAs);
    }

    [Fact]
    public void A_record_without_a_model_is_unpriced()
    {
        Prices.Evaluate(new UsageRecord()).UnpricedReason.Should().Be(UnpricedReasons.NoModel);
    }

    [Fact]
    public void Overrides_take_the_place_of_whole_entries_and_add_models()
    {
        PriceTable contract = Parse(
            """{"gpt-x":{"litellm_provider":"openai","input_cost_per_token":1e-06},"house-model":"""
                + """{"litellm_provider":"acme","input_cost_per_token":9e-06}}""",
            new PriceTableOptions { Version = "contract-7" });
        PriceTable table = Parse(Table, new PriceTableOptions { Overrides = contract, Version = "list-3" });
        UsageRecord record = Used(new TokenUsage { InputTokens = 1_000_000 }) with
        {
            Context = new UsageContext { Provider = "openai" },
            ResponseModel = "gpt-x",
        };

        table.Price(record).Should().Match<UsageCost>(
            cost => cost.Total == 1 && cost.PricedAs == "openai/gpt-x" && cost.PriceTableVersion == "list-3+contract-7");
        table.Price(record with { ResponseModel = "gpt-x-mini" })!.Total.Should().Be(1);
        table.Price(record with { Context = new UsageContext { Provider = "acme" }, ResponseModel = "house-model" })!.Total.Should().Be(9);
        table.Price(record with { Context = new UsageContext { Provider = "acme" }, Protocol = "openai-chat" })
            .Should().BeNull("a provider that the overrides have is believed");
    }

    [Fact]
    public void Overrides_may_have_overrides()
    {
        PriceTable first = Parse("""{"gpt-x":{"litellm_provider":"openai","input_cost_per_token":1e-06}}""");
        PriceTable second = Parse(
            """{"gpt-y":{"litellm_provider":"openai","input_cost_per_token":5e-06}}""", new PriceTableOptions { Overrides = first });
        PriceTable table = Parse(Table, new PriceTableOptions { Overrides = second });
        UsageRecord record = Used(new TokenUsage { InputTokens = 1_000_000 }) with
        {
            Context = new UsageContext { Provider = "openai" },
            ResponseModel = "gpt-x",
        };

        (table.Price(record)!.Total, table.Price(record with { ResponseModel = "gpt-y" })!.Total,
            table.Price(record with { ResponseModel = "gpt-x-mini" })!.Total).Should().Be((1, 5, 1));
    }

    [Fact]
    public void More_names_than_are_remembered_are_found_all_the_same()
    {
        PriceTable table = Parse(Table);

        for (int i = 0; i < 5000; i++)
        {
            table.Evaluate(
                Used(default) with { Context = new UsageContext { Provider = "openai" }, ResponseModel = $"unknown-{i}" }).UnpricedReason
                .Should().Be(UnpricedReasons.UnknownModel);
        }

        table.Price(Used(default) with { Context = new UsageContext { Provider = "openai" }, ResponseModel = "gpt-x" })
            .Should().NotBeNull();
    }

    private static string? PricedAs(string? provider, string model, string? protocol) =>
        Prices.Price(Used(new TokenUsage { InputTokens = 1 }) with
        {
            Context = new UsageContext { Provider = provider },
            Protocol = protocol,
            ResponseModel = model,
        })?.PricedAs;
}
