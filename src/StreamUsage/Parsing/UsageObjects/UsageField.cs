namespace StreamUsage.Parsing.UsageObjects;

/// <summary>Specifies what a field of a usage object holds.</summary>
internal enum UsageField : byte
{
    /// <summary>It is known, and says nothing that a record keeps.</summary>
    Ignored,

    /// <summary>A token count.</summary>
    Count,

    /// <summary>A count of cached input under Anthropic's name, whose input leaves it out.</summary>
    AnthropicCacheCount,

    /// <summary>A subset of tokens that the record keeps by its key.</summary>
    Detail,

    /// <summary>Both a token count and a detail.</summary>
    CountAndDetail,

    /// <summary>An object with further fields.</summary>
    Group,

    /// <summary>Cache writes by lifetime: <c>[{inputTokens, ttl}]</c>.</summary>
    LifetimeList,

    /// <summary>Input tokens by modality: <c>[{modality, tokenCount}]</c>.</summary>
    InputModalities,

    /// <summary>Cache reads by modality.</summary>
    CacheModalities,

    /// <summary>Output tokens by modality.</summary>
    OutputModalities,

    /// <summary>An amount in US dollars: a number, or an object with <c>total_cost</c>.</summary>
    Cost,

    /// <summary>An amount in units of 1e-10 US dollars.</summary>
    CostTicks,

    /// <summary>Uses of the provider's own tools: an object of counts.</summary>
    ServerTools,

    /// <summary>Uses of the provider's own tools as xAI names them: <c>{web_search_calls, …}</c>.</summary>
    ServerToolCalls,

    /// <summary>Uses of the provider's own tools by the tools' names: <c>{web_search, …}</c>.</summary>
    ServerToolUses,

    /// <summary>Uses of the provider's own tools as a list: <c>[{type, count}]</c>.</summary>
    ServerToolList,

    /// <summary>Uses of the one tool that the key names.</summary>
    ServerTool,

    /// <summary>The service tier that was served.</summary>
    ServiceTier,

    /// <summary>The speed class that was served.</summary>
    Speed,

    /// <summary>Where the model ran.</summary>
    InferenceGeo,

    /// <summary>A word for by whose rules the counts are made.</summary>
    Semantic,

    /// <summary>A quantity that is billed in the unit that the key names.</summary>
    BilledUnit,

    /// <summary>The counts that are billed, beside those that were used.</summary>
    BilledCounts,

    /// <summary>The usage by model call.</summary>
    Iterations,

    /// <summary>The credit for a request that another model declined.</summary>
    FallbackCredit,
}
