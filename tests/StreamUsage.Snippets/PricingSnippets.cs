using StreamUsage.Export;
using StreamUsage.Pricing;

namespace StreamUsage.Snippets;

internal static class PricingSnippets
{
    public static async Task Table(IUsageSink sink)
    {
        #region price table
        var options = new StreamUsageOptions { Pricing = PriceTable.Load("prices.json") };
        await using var tracker = new UsageTracker(sink, options);
        #endregion
    }

    public static void RateMultipliers()
    {
        #region rate multipliers
        var prices = PriceTable.Load("prices.json")
            .WithRateMultipliers(new Dictionary<string, decimal> { ["flex"] = 0.5m, ["batch"] = 0.5m, ["us"] = 1.1m });
        #endregion
    }

    public static void Overrides()
    {
        #region overrides
        var prices = PriceTable.Load("prices.json")
            .WithOverrides(PriceTable.Load("contract.json"))
            .WithMultiplier(record => record.Context.Tags?.GetValueOrDefault("cache") == "hit" ? 0 : 1.2m);
        #endregion
    }

    public static void Reloading()
    {
        #region reloading
        using var prices = PriceTable.Watch("prices.json", overridesPath: "contract.json");
        #endregion
    }

    public static bool Quote(UsageTracker tracker, UsageContext context, decimal budget)
    {
        #region quote
        UsageQuote quote = tracker.Quote(context);
        bool mayRun = quote.MaxCost <= budget;
        #endregion
        return mayRun;
    }

    public static void Focus(IEnumerable<UsageRecord> records)
    {
        #region focus
        var report = new FocusReport(new FocusOptions { BillingAccountId = "production", TagNames = ["team"] });
        foreach (UsageRecord record in records)
        {
            report.Add(record);
        }

        report.WriteCsv(Console.Out);
        #endregion
    }
}
