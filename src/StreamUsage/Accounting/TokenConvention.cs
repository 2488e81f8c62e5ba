namespace StreamUsage.Accounting;

/// <summary>Specifies what a provider includes in its counts. A contradicting total overrides it
/// (<see cref="ReportedTokens.Normalize"/>).</summary>
[Flags]
internal enum TokenConvention
{
    /// <summary>Input excludes cached tokens, output includes reasoning (Anthropic).</summary>
    None = 0,

    /// <summary>Input includes cache reads and cache writes (OpenAI, Gemini).</summary>
    InputIncludesCache = 1,

    /// <summary>The output excludes reasoning (Gemini's thoughts).</summary>
    ReasoningBesideOutput = 2,

    /// <summary>A total above the sum of its parts includes further output (the thoughts of Google's models behind a
    /// Chat endpoint).</summary>
    TotalMayHoldMoreOutput = 4,

    /// <summary>Cache counts have Anthropic's names, whose input excludes them: if they exceed the input, they are
    /// separate. Without <see cref="InputIncludesCache"/>, they always are, and the total cannot change that.</summary>
    AnthropicCacheNames = 8,
}
