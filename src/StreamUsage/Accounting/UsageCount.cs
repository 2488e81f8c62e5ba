namespace StreamUsage.Accounting;

/// <summary>Specifies what a number in a usage object counts, whatever the provider calls it.</summary>
internal enum UsageCount : byte
{
    /// <summary>Input; whether cached tokens are in it is the protocol's convention.</summary>
    Input,

    /// <summary>All input, cached tokens included, under a name that is not the protocol's own. It serves where the
    /// protocol's own count is missing.</summary>
    InputWithCache,

    /// <summary>Input beside <see cref="Input"/>: the prompt of tools that the provider ran.</summary>
    ToolInput,

    CacheRead,
    CacheCreation,
    CacheCreation5m,
    CacheCreation1h,
    Output,

    /// <summary>Output beside <see cref="Output"/> that is no reasoning: cited text.</summary>
    Citations,

    Reasoning,
    Total,
    InputAudio,
    CacheReadAudio,
    OutputAudio,
    OutputImage,

    /// <summary>Uses of the provider's own search, which only Perplexity says within the counts.</summary>
    Searches,
}
