namespace StreamUsage.Accounting;

/// <summary>What a provider includes in its counts.</summary>
[Flags]
public enum TokenConvention
{
    /// <summary>Input excludes cached tokens, output includes reasoning (Anthropic).</summary>
    None = 0,

    /// <summary>Input includes cache reads and cache writes (OpenAI, Gemini).</summary>
    InputIncludesCache = 1,

    /// <summary>Reasoning is counted beside the output (Gemini's thoughts).</summary>
    ReasoningBesideOutput = 2,
}
