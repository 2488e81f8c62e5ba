using StreamUsage.Accounting;
using StreamUsage.Parsing.UsageObjects;
using static StreamUsage.Parsing.UsageObjects.UsageName;

namespace StreamUsage.Parsing.Mistral;

/// <summary>Holds the fields of the usage of Mistral's Conversations.</summary>
internal static class MistralUsageNames
{
    private static readonly UsageNames Details = new(Count("cached_tokens", UsageCount.CacheRead));

    /// <summary>Gets the fields. Tokens of connectors (server tools) are taken to be in the total but not in the
    /// prompt, unless the total shows otherwise.</summary>
    public static UsageNames Usage { get; } = new(
        [
            Count("prompt_tokens", UsageCount.Input),
            Count("input_tokens", UsageCount.Input, 1),
            Count("completion_tokens", UsageCount.Output),
            Count("output_tokens", UsageCount.Output, 1),
            Count("connector_tokens", UsageCount.ToolInput),
            Count("total_tokens", UsageCount.Total),
            Object("prompt_tokens_details", Details),
            Object("prompt_token_details", Details),
            new("connectors", UsageField.ToolNames),
            new("service_tier", UsageField.ServiceTier),
            .. Ignored("num_cached_tokens", "request_count"),
        ]);
}
