namespace StreamUsage.Parsing.UsageObjects;

/// <summary>Specifies what a field of a usage object holds.</summary>
internal enum UsageField : byte
{
    /// <summary>A known field that no record keeps.</summary>
    Ignored,
    Count,

    /// <summary>A count of cached input under Anthropic's name, which the input excludes.</summary>
    AnthropicCacheCount,

    /// <summary>A subset of tokens, kept under its key.</summary>
    Detail,
    CountAndDetail,

    /// <summary>An object with further fields.</summary>
    Group,

    /// <summary>Cache writes by lifetime: <c>[{inputTokens, ttl}]</c>.</summary>
    LifetimeList,

    /// <summary>Input tokens by modality: <c>[{modality, tokenCount}]</c>.</summary>
    InputModalities,
    CacheModalities,
    OutputModalities,

    /// <summary>An amount in US dollars: a number, or an object with <c>total_cost</c>.</summary>
    Cost,

    /// <summary>An amount in units of 1e-10 US dollars.</summary>
    CostTicks,

    /// <summary>Uses of server tools: an object of counts.</summary>
    ServerTools,

    /// <summary>Uses of server tools by xAI's names: <c>{web_search_calls, …}</c>.</summary>
    ServerToolCalls,

    /// <summary>Uses of server tools by the tools' names: <c>{web_search, …}</c>.</summary>
    ServerToolUses,

    /// <summary>Uses of server tools as a list: <c>[{type, count}]</c>.</summary>
    ServerToolList,

    /// <summary>Uses of the tool that the key names.</summary>
    ServerTool,
    ServiceTier,
    Speed,
    InferenceGeo,

    /// <summary>The name of the counting convention.</summary>
    Semantic,

    /// <summary>An amount billed in the unit that the key names.</summary>
    BilledUnit,

    /// <summary>The billed counts, beside the used ones.</summary>
    BilledCounts,
    Iterations,

    /// <summary>The credit for a request that another model declined.</summary>
    FallbackCredit,
}
