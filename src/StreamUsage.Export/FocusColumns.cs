using System.Globalization;

namespace StreamUsage.Export;

/// <summary>Holds the columns of a report: those of FOCUS by name, then custom ones, which begin with <c>x_</c> (FOCUS
/// 1.2, Column Naming and Ordering).</summary>
internal static class FocusColumns
{
    public static IReadOnlyList<FocusColumn> All { get; } =
    [
        new("BilledCost", static (row, _) => Number(row.ContractedCost)),
        new("BillingAccountId", static (_, options) => options.BillingAccountId),
        new("BillingAccountName", static (_, options) => options.BillingAccountName),
        new("BillingCurrency", static (row, _) => row.Key.Currency),
        new("BillingPeriodEnd", static (row, _) => Time(row.PeriodStart.AddMonths(1))),
        new("BillingPeriodStart", static (row, _) => Time(row.PeriodStart)),
        new("ChargeCategory", static (_, _) => "Usage"),
        new("ChargeClass", static (_, _) => null),
        new("ChargeDescription", static (row, _) => $"{row.Key.Bucket} of {row.Key.Entry} ({row.Key.RateClass}), priced by a price list"),
        new("ChargeFrequency", static (_, _) => "Usage-Based"),
        new("ChargePeriodEnd", static (row, _) => Time(row.Key.Hour.AddHours(1))),
        new("ChargePeriodStart", static (row, _) => Time(row.Key.Hour)),
        new("ConsumedQuantity", static (row, _) => Number(row.Quantity)),
        new("ConsumedUnit", static (row, _) => row.Key.Unit),
        new("ContractedCost", static (row, _) => Number(row.ContractedCost)),
        new("ContractedUnitPrice", static (row, _) => Number(row.ContractedUnitPrice)),
        new("EffectiveCost", static (row, _) => Number(row.ContractedCost)),
        new("InvoiceIssuerName", static (row, options) => options.InvoiceIssuerName ?? row.Provider),
        new("ListCost", static (row, _) => Number(row.ListCost)),
        new("ListUnitPrice", static (row, _) => Number(row.Key.ListUnitPrice)),
        new("PricingCategory", static (row, _) => row.Key.RateClass == "standard" ? "Standard" : "Other"),
        new("PricingQuantity", static (row, _) => Number(row.Quantity)),
        new("PricingUnit", static (row, _) => row.Key.Unit),
        new("ProviderName", static (row, _) => row.Provider),
        new("PublisherName", static (row, _) => row.Provider),
        new("RegionId", static (row, _) => row.Key.Region),
        new("RegionName", static (row, _) => row.Key.Region),
        new("ServiceCategory", static (_, _) => "AI and Machine Learning"),
        new("ServiceName", static (row, _) => $"{row.Provider} API"),
        new("ServiceSubcategory", static (_, _) => "Generative AI"),
        new("SkuId", static (row, _) => row.Key.Entry),
        new("SkuMeter", static (row, _) => row.Key.Bucket),
        new("SkuPriceId", static (row, _) => $"{row.Key.Entry}/{row.Key.RateClass}/{row.Key.Bucket}"),
        new("SubAccountId", static (row, _) => row.Key.SubAccountId),
        new("SubAccountName", static (row, _) => row.Key.SubAccountId),
        new("Tags", static (row, _) => row.Key.Tags),
        new("x_ApiKeyId", static (row, _) => row.Key.ApiKeyId),
        new("x_Estimated", static (row, _) => row.Key.IsEstimated ? "true" : "false"),
        new("x_PriceTableVersion", static (row, _) => row.Key.PriceTableVersion),
        new("x_RateClass", static (row, _) => row.Key.RateClass),
        new("x_ResponseCount", static (row, _) => row.Responses.ToString(CultureInfo.InvariantCulture)),
    ];

    // FOCUS, Numeric Format: no exponent. A decimal never has one.
    private static string Number(decimal value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}

/// <summary>Represents a column and its value; null for an empty field.</summary>
internal sealed record FocusColumn(string Name, Func<FocusRow, FocusOptions, string?> Value);
