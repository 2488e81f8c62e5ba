using StreamUsage.Accounting;
using StreamUsage.Parsing.UsageObjects;
using static StreamUsage.Parsing.UsageObjects.UsageName;

namespace StreamUsage.Parsing.Anthropic;

/// <summary>Holds the fields of Anthropic's usage object, with additions of compatible servers.</summary>
internal static class ClaudeUsageNames
{
    private static readonly UsageNames Lifetimes = new(
        Count("ephemeral_5m_input_tokens", UsageCount.CacheCreation5m),
        Count("ephemeral_1h_input_tokens", UsageCount.CacheCreation1h));

    private static readonly UsageNames OutputDetails = new(
        Count("thinking_tokens", UsageCount.Reasoning),
        Count("reasoning_tokens", UsageCount.Reasoning, 1));

    private static readonly UsageNames PromptDetails =
        new([Count("cached_tokens", UsageCount.CacheRead, 1), .. Ignored("text_tokens", "audio_tokens", "image_tokens")]);

    public static UsageNames Message { get; } = new(
        [
            Count("input_tokens", UsageCount.Input),
            Count("output_tokens", UsageCount.Output),
            Count("cache_read_input_tokens", UsageCount.CacheRead),
            Count("cache_creation_input_tokens", UsageCount.CacheCreation),
            Object("cache_creation", Lifetimes),
            Count("claude_cache_creation_5_m_tokens", UsageCount.CacheCreation5m, 1),
            Count("claude_cache_creation_1_h_tokens", UsageCount.CacheCreation1h, 1),
            Object("output_tokens_details", OutputDetails),
            new("server_tool_use", UsageField.ToolRequests),
            new("service_tier", UsageField.ServiceTier),
            new("speed", UsageField.Speed),
            new("inference_geo", UsageField.InferenceGeo),
            new("iterations", UsageField.Iterations),
            new("fallback_credit", UsageField.FallbackCredit),

            // Additions in OpenAI's names.
            Count("prompt_tokens", UsageCount.InputWithCache),
            Count("completion_tokens", UsageCount.Output, 1),
            Count("total_tokens", UsageCount.Total),
            Count("cached_tokens", UsageCount.CacheRead, 2),
            Object("prompt_tokens_details", PromptDetails),
            Object("completion_tokens_details", OutputDetails),
            new("cost", UsageField.Cost),
            .. Ignored("is_byok", "cost_details", "type", "model", "usage_source", "usage_semantic", "billing_usage"),

            // Units of Bedrock's guardrails.
            .. Ignored(
                "automatedReasoningPolicies", "automatedReasoningPolicyUnits", "contentPolicyImageUnits", "contentPolicyUnits",
                "contextualGroundingPolicyUnits", "sensitiveInformationPolicyFreeUnits", "sensitiveInformationPolicyUnits",
                "topicPolicyUnits", "wordPolicyUnits"),
        ]);
}
