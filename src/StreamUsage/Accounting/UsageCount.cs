namespace StreamUsage.Accounting;

/// <summary>Specifies what a number in a usage object counts.</summary>
internal enum UsageCount : byte
{
    /// <summary>Input; the protocol's convention says whether it includes cached tokens.</summary>
    Input,

    /// <summary>All input, including cached tokens, under a foreign name. Used if the protocol's own count is
    /// missing.</summary>
    InputWithCache,

    /// <summary>Input beside <see cref="Input"/>: the prompt of server tools.</summary>
    ToolInput,

    CacheRead,
    CacheCreation,
    CacheCreation5m,
    CacheCreation1h,
    Output,

    /// <summary>Output beside <see cref="Output"/> other than reasoning: cited text.</summary>
    Citations,

    Reasoning,
    Total,
    InputAudio,
    CacheReadAudio,
    OutputAudio,
    OutputImage,

    /// <summary>Uses of the provider's search, which only Perplexity reports among the counts.</summary>
    Searches,
}
