namespace StreamUsage.Parsing.UsageObjects;

/// <summary>Specifies what kind of content a field of a usage object has (<see cref="UsageName.Field"/>).</summary>
internal enum UsageField : byte
{
    /// <summary>A known field that no record keeps.</summary>
    Ignored,

    /// <summary>A token count.</summary>
    Count,

    /// <summary>A count of cached input under Anthropic's name: the input may exclude it.</summary>
    AnthropicCacheCount,

    /// <summary>A subset of tokens, kept in <see cref="UsageRecord.TokenDetails"/> under the field's key.</summary>
    Detail,

    /// <summary>A token count that is kept as a detail too.</summary>
    CountAndDetail,

    /// <summary>An object with further fields.</summary>
    Group,

    /// <summary>Cache writes by lifetime: <c>[{inputTokens, ttl}]</c>.</summary>
    LifetimeList,

    /// <summary>Input tokens by modality: <c>[{modality, tokenCount}]</c>.</summary>
    InputModalities,

    /// <summary>Cached tokens by modality, in the same form.</summary>
    CacheModalities,

    /// <summary>Output tokens by modality, in the same form.</summary>
    OutputModalities,

    /// <summary>An amount in US dollars: a number, or an object with <c>total_cost</c>.</summary>
    Cost,

    /// <summary>An amount in units of 1e-10 US dollars.</summary>
    CostTicks,

    /// <summary>Uses of server tools under the record's names: <c>{web_search_requests, …}</c>.</summary>
    ToolRequests,

    /// <summary>Uses of server tools under xAI's names: <c>{web_search_calls, …}</c>.</summary>
    ToolCalls,

    /// <summary>Uses of server tools under the tools' names: <c>{web_search, …}</c>.</summary>
    ToolNames,

    /// <summary>Uses of server tools as a list: <c>[{type, count}]</c>.</summary>
    ToolList,

    /// <summary>The uses of one tool, which the field's key names.</summary>
    SingleTool,

    /// <summary>The service tier that was served.</summary>
    ServiceTier,

    /// <summary>The speed class that was served.</summary>
    Speed,

    /// <summary>The region where the model ran.</summary>
    InferenceGeo,

    /// <summary>The counting convention: <c>anthropic</c> or another word.</summary>
    Semantic,

    /// <summary>An amount billed in the unit that the field's key names.</summary>
    BilledUnit,

    /// <summary>The billed counts, beside the used ones.</summary>
    BilledCounts,

    /// <summary>Anthropic's list of model calls, each with its own counts.</summary>
    Iterations,

    /// <summary>The credit for a request that another model declined.</summary>
    FallbackCredit,
}
