using StreamUsage.Accounting;
using StreamUsage.Parsing.UsageObjects;
using static StreamUsage.Parsing.UsageObjects.UsageName;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Holds the fields of OpenAI's usage objects, with additions of compatible servers.</summary>
internal static class OpenAIUsageNames
{
    private static readonly UsageNames Lifetimes = new(
        Count("ephemeral_5m_input_tokens", UsageCount.CacheCreation5m),
        Count("ephemeral_1h_input_tokens", UsageCount.CacheCreation1h));

    private static readonly UsageNames CachedDetails = new(
        [
            Count("audio_tokens", UsageCount.CacheReadAudio),
            Detail("image_tokens", "cache_read_image_tokens"),
            Detail("video_tokens", "cache_read_video_tokens"),
            .. Ignored("text_tokens"),
        ]);

    // Inside the details, cache counts are part of the prompt, even under Anthropic's names. The ranks are shared with
    // the root (Common): the details' own names come first.
    private static readonly UsageNames InputDetails = new(
        [
            Count("cached_tokens", UsageCount.CacheRead),
            Count("cache_read_tokens", UsageCount.CacheRead, 3),
            Count("cache_read_input_tokens", UsageCount.CacheRead, 4),
            Count("cache_write_tokens", UsageCount.CacheCreation),
            Count("cached_creation_tokens", UsageCount.CacheCreation, 3),
            Count("cache_creation_input_tokens", UsageCount.CacheCreation, 4),
            Count("cache_creation_tokens", UsageCount.CacheCreation, 5),
            Object("cache_creation", Lifetimes),
            Object("cache_creation_token_details", Lifetimes),
            Count("audio_tokens", UsageCount.InputAudio),
            Detail("image_tokens", "input_image_tokens"),
            Detail("video_tokens", "input_video_tokens"),
            Object("cached_tokens_details", CachedDetails),
            .. Ignored("text_tokens", "cache_type"),
        ]);

    private static readonly UsageNames OutputDetails = new(
        [
            Count("reasoning_tokens", UsageCount.Reasoning),
            Count("audio_tokens", UsageCount.OutputAudio),
            Count("image_tokens", UsageCount.OutputImage),
            Detail("video_tokens", "output_video_tokens"),
            .. Ignored("text_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens"),
        ]);

    public static UsageNames Chat { get; } = new(
        [
            Count("prompt_tokens", UsageCount.Input),
            Count("completion_tokens", UsageCount.Output),
            Count("input_tokens", UsageCount.Input, 1),
            Count("output_tokens", UsageCount.Output, 1),
            .. Common(),
        ]);

    public static UsageNames Responses { get; } = new(
        [
            Count("input_tokens", UsageCount.Input),
            Count("output_tokens", UsageCount.Output),
            Count("prompt_tokens", UsageCount.Input, 1),
            Count("completion_tokens", UsageCount.Output, 1),
            .. Common(),
        ]);

    private static IEnumerable<UsageName> Common() =>
    [
        Count("total_tokens", UsageCount.Total),
        Object("prompt_tokens_details", InputDetails),
        Object("prompt_token_details", InputDetails),
        Object("input_tokens_details", InputDetails),
        Object("input_token_details", InputDetails),
        Object("completion_tokens_details", OutputDetails),
        Object("completion_token_details", OutputDetails),
        Object("output_tokens_details", OutputDetails),
        Object("output_token_details", OutputDetails),
        Count("cached_tokens", UsageCount.CacheRead, 1),
        Count("prompt_cache_hit_tokens", UsageCount.CacheRead, 2),
        Count("cache_read_tokens", UsageCount.CacheRead, 3),
        AnthropicCount("cache_read_input_tokens", UsageCount.CacheRead, 4),
        Count("cache_write_tokens", UsageCount.CacheCreation, 1),
        Count("prompt_cache_write_tokens", UsageCount.CacheCreation, 2),
        Count("cached_creation_tokens", UsageCount.CacheCreation, 3),
        AnthropicCount("cache_creation_input_tokens", UsageCount.CacheCreation, 4),
        AnthropicCount("cache_write_input_tokens", UsageCount.CacheCreation, 5),
        AnthropicCount("claude_cache_creation_5_m_tokens", UsageCount.CacheCreation5m, 1),
        AnthropicCount("claude_cache_creation_1_h_tokens", UsageCount.CacheCreation1h, 1),
        Object("cache_creation", Lifetimes),
        new("usage_semantic", UsageField.Semantic),
        Count("reasoning_tokens", UsageCount.Reasoning, 1),
        Keyed("citation_tokens", UsageField.CountAndDetail, "output_citation_tokens", UsageCount.Citations),
        Keyed("num_search_queries", UsageField.SingleTool, "web_search_requests", UsageCount.Searches),
        new("cost", UsageField.Cost),
        new("cost_usd_total", UsageField.Cost),
        new("cost_in_usd_ticks", UsageField.CostTicks),
        new("server_tool_use", UsageField.ToolRequests),
        new("server_tool_use_details", UsageField.ToolRequests),
        new("server_side_tool_usage_details", UsageField.ToolCalls),
        new("service_tier", UsageField.ServiceTier),
        Keyed("seconds", UsageField.BilledUnit, "audio_seconds"),
        Keyed("prompt_audio_seconds", UsageField.BilledUnit, "audio_seconds"),

        // Times and speeds.
        .. Ignored(
            "queue_time", "prompt_time", "completion_time", "total_time", "prompt_tps", "generation_tps", "prompt_tokens_per_second",
            "tokens_per_second", "time_per_output_token_ms", "time_to_first_token_ms"),

        // Engine statistics. num_cached_tokens is not what Mistral bills.
        .. Ignored("draft_tokens", "draft_tokens_acceptance", "num_cached_tokens"),

        // Partial and estimated costs.
        .. Ignored("cost_details", "estimated_cost", "cost_usd_input", "cost_usd_output", "cost_usd_cached_input", "cost_usd_request"),

        // Counts that are repeated or not billed.
        .. Ignored("prompt_cache_miss_tokens", "num_sources_used", "num_server_side_tools_used", "request_count", "usage_breakdown"),

        // Words about the request or the counts.
        .. Ignored("type", "search_context_size", "is_byok", "usage_source", "billing_usage", "context_details"),
    ];
}
