using StreamUsage.Accounting;
using StreamUsage.Parsing.UsageObjects;
using static StreamUsage.Parsing.UsageObjects.UsageName;

namespace StreamUsage.Parsing.Cohere;

/// <summary>Holds the fields of Cohere's <c>usage</c> (version 2) and <c>meta</c> (version 1, Embed, Rerank).</summary>
internal static class CohereUsageNames
{
    private static readonly UsageNames Tokens = new(
        Count("input_tokens", UsageCount.Input),
        Count("output_tokens", UsageCount.Output),
        Count("reasoning_tokens", UsageCount.Reasoning));

    // Image tokens stand beside the input tokens, so they are counted like another input. TokenDetails keeps them for
    // their own price.
    private static readonly UsageNames BilledUnits = new(
        Count("input_tokens", UsageCount.Input),
        Count("output_tokens", UsageCount.Output),
        Keyed("image_tokens", UsageField.CountAndDetail, "input_image_tokens", UsageCount.ToolInput),
        Keyed("images", UsageField.BilledUnit, "images"),
        Keyed("search_units", UsageField.BilledUnit, "search_units"),
        Keyed("classifications", UsageField.BilledUnit, "classifications"));

    public static UsageNames Usage { get; } = new(
        [
            Object("tokens", Tokens),
            Count("cached_tokens", UsageCount.CacheRead),
            Object("billed_units", BilledUnits, UsageField.BilledCounts),
            Count("total_tokens", UsageCount.Total),
            .. Ignored("api_version", "warnings"),
        ]);
}
