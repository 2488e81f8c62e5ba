using System.Text;
using StreamUsage.Pricing;

namespace StreamUsage.Tests.Support;

/// <summary>Small price tables of made-up models, in both formats.</summary>
internal static class PriceTables
{
    public static DateTimeOffset Noon { get; } = new(2026, 8, 21, 12, 0, 0, TimeSpan.Zero);

    /// <summary>One provider of genai-prices, "acme", with one model, "m".</summary>
    public static PriceTable GenAi(string prices, PriceTableOptions? options = null) => Parse(
        """[{"id":"acme","name":"Acme","api_pattern":"https://acme","models":[{"id":"m","match":{"equals":"m"},"prices":"""
            + $$"""{{prices}} }]}]""", options);

    /// <summary>One model of LiteLLM's, "m" of "acme".</summary>
    public static PriceTable LiteLlm(string costs, PriceTableOptions? options = null) =>
        Parse($$"""{"m":{"litellm_provider":"acme",{{costs}} } }""", options);

    public static PriceTable Parse(string json, PriceTableOptions? options = null) =>
        options is null ? PriceTable.Parse(Encoding.UTF8.GetBytes(json)) : PriceTable.Parse(Encoding.UTF8.GetBytes(json), options);

    /// <summary>A completed response of model "m" of "acme".</summary>
    public static UsageRecord Used(TokenUsage usage) => new()
    {
        Context = new UsageContext { Provider = "acme" },
        Usage = usage,
        BilledUsage = usage,
        ResponseModel = "m",
        StartedAt = Noon,
    };

    /// <summary>The parts of a cost, for tables of expected amounts.</summary>
    public static (decimal Input, decimal CacheRead, decimal CacheCreation, decimal Output, decimal ServerTools)? Parts(UsageCost? cost) =>
        cost is null ? null : (cost.Input, cost.CacheRead, cost.CacheCreation, cost.Output, cost.ServerTools);
}
