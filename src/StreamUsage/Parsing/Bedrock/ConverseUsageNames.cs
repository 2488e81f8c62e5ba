using StreamUsage.Accounting;
using StreamUsage.Parsing.UsageObjects;
using static StreamUsage.Parsing.UsageObjects.UsageName;

namespace StreamUsage.Parsing.Bedrock;

/// <summary>Holds the fields of Converse's usage and of the metrics of an invoked model's events.</summary>
internal static class ConverseUsageNames
{
    public static UsageNames Usage { get; } = new(
        [
            Count("inputTokens", UsageCount.Input),
            Count("inputTokenCount", UsageCount.Input, 1),
            Count("outputTokens", UsageCount.Output),
            Count("outputTokenCount", UsageCount.Output, 1),
            Count("totalTokens", UsageCount.Total),
            Count("cacheReadInputTokens", UsageCount.CacheRead),
            Count("cacheReadInputTokenCount", UsageCount.CacheRead, 1),
            Count("cacheWriteInputTokens", UsageCount.CacheCreation),
            Count("cacheWriteInputTokenCount", UsageCount.CacheCreation, 1),
            new("cacheDetails", UsageField.LifetimeList),
            new("serverToolUsage", UsageField.ToolRequests),
            .. Ignored("invocationLatency", "firstByteLatency"),

            // Units of Bedrock's guardrails.
            .. Ignored(
                "automatedReasoningPolicies", "automatedReasoningPolicyUnits", "contentPolicyImageUnits", "contentPolicyUnits",
                "contextualGroundingPolicyUnits", "sensitiveInformationPolicyFreeUnits", "sensitiveInformationPolicyUnits",
                "topicPolicyUnits", "wordPolicyUnits"),
        ]);
}
