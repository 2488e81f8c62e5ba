using StreamUsage.Accounting;
using StreamUsage.Parsing.UsageObjects;
using static StreamUsage.Parsing.UsageObjects.UsageName;

namespace StreamUsage.Parsing.Gemini;

/// <summary>Holds the fields of Gemini's <c>usageMetadata</c>.</summary>
internal static class GeminiUsageNames
{
    /// <summary>Gets the fields of generateContent's usage.</summary>
    public static UsageNames Metadata { get; } = new(
        [
            Count("promptTokenCount", UsageCount.Input),
            Count("candidatesTokenCount", UsageCount.Output),
            Count("totalTokenCount", UsageCount.Total),
            Count("thoughtsTokenCount", UsageCount.Reasoning),
            Count("cachedContentTokenCount", UsageCount.CacheRead),
            Count("toolUsePromptTokenCount", UsageCount.ToolInput),
            new("promptTokensDetails", UsageField.InputModalities),
            new("toolUsePromptTokensDetails", UsageField.InputModalities),
            new("cacheTokensDetails", UsageField.CacheModalities),
            new("candidatesTokensDetails", UsageField.OutputModalities),
            new("trafficType", UsageField.ServiceTier),
            new("serviceTier", UsageField.ServiceTier),

            // Live's names of the output, which only GeminiLiveParser reads.
            .. Ignored("responseTokenCount", "responseTokensDetails"),
        ]);

    /// <summary>Gets the fields of Live's usage.</summary>
    public static UsageNames Live { get; } = new(
        Count("promptTokenCount", UsageCount.Input),
        Count("responseTokenCount", UsageCount.Output),
        Count("candidatesTokenCount", UsageCount.Output, 1),
        Count("totalTokenCount", UsageCount.Total),
        Count("thoughtsTokenCount", UsageCount.Reasoning),
        Count("cachedContentTokenCount", UsageCount.CacheRead),
        Count("toolUsePromptTokenCount", UsageCount.ToolInput),
        new("promptTokensDetails", UsageField.InputModalities),
        new("toolUsePromptTokensDetails", UsageField.InputModalities),
        new("cacheTokensDetails", UsageField.CacheModalities),
        new("responseTokensDetails", UsageField.OutputModalities),
        new("candidatesTokensDetails", UsageField.OutputModalities),
        new("trafficType", UsageField.ServiceTier),
        new("serviceTier", UsageField.ServiceTier));
}
