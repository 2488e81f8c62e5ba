namespace StreamUsage.Estimation.Families;

/// <summary>Specifies a family's token counts: a factor on the encoding's tokens, and constants for the text around
/// them. The constants are averages of reported counts (docs/estimation.md), or published. 0 adds nothing.</summary>
internal sealed record TokenRule
{
    /// <summary>Gets the model's tokens for each token of the encoding; 1 for the model's own encoding.</summary>
    public double PerToken { get; init; } = 1;

    /// <summary>Gets the extra tokens of a digit: the encodings join up to three digits, some models do not.</summary>
    public double PerDigit { get; init; }

    /// <summary>Gets the tokens of a UTF-16 unit of output, for the running estimate.</summary>
    public double PerCharacter { get; init; } = 0.25;

    /// <summary>Gets the tokens of each choice of an output.</summary>
    public double Answer { get; init; }

    /// <summary>Gets the tokens of each group of consecutive tool calls in an output.</summary>
    public double ToolCalls { get; init; }

    /// <summary>Gets the tokens of each tool call in an output.</summary>
    public double ToolCall { get; init; }

    /// <summary>Gets the extra tokens of each tool call if a choice has several.</summary>
    public double ParallelToolCall { get; init; }

    /// <summary>Gets the tokens of an output with both text and tool calls.</summary>
    public double TextWithToolCalls { get; init; }

    /// <summary>Gets the tokens of each citation in an output, whose mark is not shown.</summary>
    public double Citation { get; init; }

    /// <summary>Gets the tokens of each top-level argument of a tool call, in output and input.</summary>
    public double ToolArgument { get; init; }

    /// <summary>Gets the tokens of a request.</summary>
    public double Request { get; init; }

    /// <summary>Gets the tokens of each message of a request, including the system's.</summary>
    public double Message { get; init; }

    /// <summary>Gets the tokens of each earlier tool call with its result.</summary>
    public double ToolExchange { get; init; }

    /// <summary>Gets the tokens of a request with tools.</summary>
    public double Tools { get; init; }

    /// <summary>Gets the extra tokens of <see cref="Tools"/> if they share a system message.</summary>
    public double ToolsInSystem { get; init; }

    /// <summary>Gets the extra tokens of <see cref="Tools"/> if a tool must be called.</summary>
    public double ForcedTool { get; init; }

    /// <summary>Gets the tokens of each tool definition, beside its text.</summary>
    public double Tool { get; init; }

    /// <summary>Gets the tokens of a request for an answer by a JSON schema, beside the schema's text.</summary>
    public double Schema { get; init; }

    /// <summary>Gets the tokens of a request with thinking.</summary>
    public double Thinking { get; init; }
}
