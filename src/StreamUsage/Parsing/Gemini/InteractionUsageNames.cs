using StreamUsage.Accounting;
using StreamUsage.Parsing.UsageObjects;
using static StreamUsage.Parsing.UsageObjects.UsageName;

namespace StreamUsage.Parsing.Gemini;

/// <summary>Holds the fields of Interactions' usage, in snake case (Gemini API) and camel case (Vertex).</summary>
internal static class InteractionUsageNames
{
    public static UsageNames Usage { get; } = new(
        [
            Count("total_input_tokens", UsageCount.Input),
            Count("totalInputTokens", UsageCount.Input, 1),
            Count("total_tool_use_tokens", UsageCount.ToolInput),
            Count("totalToolUseTokens", UsageCount.ToolInput, 1),
            Count("total_cached_tokens", UsageCount.CacheRead),
            Count("totalCachedTokens", UsageCount.CacheRead, 1),
            Count("total_output_tokens", UsageCount.Output),
            Count("totalOutputTokens", UsageCount.Output, 1),
            Count("total_thought_tokens", UsageCount.Reasoning),
            Count("totalThoughtTokens", UsageCount.Reasoning, 1),
            Count("total_tokens", UsageCount.Total),
            Count("totalTokens", UsageCount.Total, 1),
            new("input_tokens_by_modality", UsageField.InputModalities),
            new("inputTokensByModality", UsageField.InputModalities),
            new("tool_use_tokens_by_modality", UsageField.InputModalities),
            new("toolUseTokensByModality", UsageField.InputModalities),
            new("cached_tokens_by_modality", UsageField.CacheModalities),
            new("cachedTokensByModality", UsageField.CacheModalities),
            new("output_tokens_by_modality", UsageField.OutputModalities),
            new("outputTokensByModality", UsageField.OutputModalities),
            new("grounding_tool_count", UsageField.ToolList),
            new("groundingToolCount", UsageField.ToolList),

            // The whole prompt of a follow-up: undocumented, and not part of the counts.
            .. Ignored("raw_prompt_token"),
        ]);
}
