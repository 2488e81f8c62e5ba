namespace StreamUsage.Accounting;

/// <summary>Specifies what a provider documents to include in its counts. Where the reported total says otherwise, the total decides (<see cref="ReportedTokens.Normalize"/>).</summary>
[Flags]
internal enum TokenConvention
{
    /// <summary>Input excludes cached tokens, output includes reasoning (Anthropic).</summary>
    None = 0,

    /// <summary>Input includes cache reads and cache writes (OpenAI, Gemini).</summary>
    InputIncludesCache = 1,

    /// <summary>Reasoning is counted beside the output (Gemini's thoughts).</summary>
    ReasoningBesideOutput = 2,

    /// <summary>A total that exceeds its parts holds output that no part counts (Google's models behind a Chat endpoint, whose thoughts only the total has).</summary>
    TotalMayHoldMoreOutput = 4,

    /// <summary>The cache counts stand under Anthropic's names, whose input excludes them: where they are larger than the input, they stand beside it.</summary>
    AnthropicCacheNames = 8,
}
