using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
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

    public static void Container(WebApplicationBuilder builder)
    {
        #region price service
        builder.Services.AddSingleton<IUsagePricing>(services => PriceTable.Watch(
            "prices.json", overridesPath: "contract.json", loggerFactory: services.GetRequiredService<ILoggerFactory>()));
        #endregion
    }

    public static (decimal? Cost, decimal? Price) Bill(UsageRecord record)
    {
        #region customer price
        PriceTable customerPrices = PriceTable.Load("prices.json").WithMultiplier(_ => 1.2m);   // once

        decimal? cost = record.Cost?.Total;
        decimal? price = customerPrices.Price(record)?.Total;   // null if the table cannot price the record
        #endregion
        return (cost, price);
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
