namespace StreamUsage.Estimation.Families;

/// <summary>
/// What a family's token counts are made of: so many tokens for each token of the encoding, and constants for what is written around the text. All are averages from reported counts (docs/estimation.md) unless
/// their row of the table says published; 0 means that nothing is added.
/// </summary>
internal sealed record TokenRule
{
    /// <summary>Tokens of the model for each token of the encoding; 1 where the encoding is the model's own.</summary>
    public double PerToken { get; init; } = 1;

    /// <summary>Tokens more for each digit: the encodings take up to three digits together, some models do not.</summary>
    public double PerDigit { get; init; }

    /// <summary>Tokens for each UTF-16 unit of output: the running estimate while a response is streaming.</summary>
    public double PerCharacter { get; init; } = 0.25;

    /// <summary>Output: once a choice.</summary>
    public double Answer { get; init; }

    /// <summary>Output: each group of tool calls that follow each other.</summary>
    public double ToolCalls { get; init; }

    /// <summary>Output: each tool call.</summary>
    public double ToolCall { get; init; }

    /// <summary>Output: added for each tool call where a choice has several.</summary>
    public double ParallelToolCall { get; init; }

    /// <summary>Output: once where there is text beside tool calls.</summary>
    public double TextWithToolCalls { get; init; }

    /// <summary>Output: each citation, whose mark in the text is not shown.</summary>
    public double Citation { get; init; }

    /// <summary>Output and input: each argument of a tool call at its top level.</summary>
    public double ToolArgument { get; init; }

    /// <summary>Input: once.</summary>
    public double Request { get; init; }

    /// <summary>Input: each message, the system's included.</summary>
    public double Message { get; init; }

    /// <summary>Input: each tool call of an earlier answer, with its result.</summary>
    public double ToolExchange { get; init; }

    /// <summary>Input: once where tools are defined.</summary>
    public double Tools { get; init; }

    /// <summary>Input: added to <see cref="Tools"/> where the tools share a system message.</summary>
    public double ToolsInSystem { get; init; }

    /// <summary>Input: added to <see cref="Tools"/> where a tool must be called.</summary>
    public double ForcedTool { get; init; }

    /// <summary>Input: each tool definition, beside its text.</summary>
    public double Tool { get; init; }

    /// <summary>Input: once where the answer must fit a JSON schema, beside the schema's text.</summary>
    public double Schema { get; init; }

    /// <summary>Input: once where thinking is enabled.</summary>
    public double Thinking { get; init; }
}
