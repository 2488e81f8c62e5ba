namespace StreamUsage.Estimation.Families;

/// <summary>Specifies how a family's token counts follow from the encoding's: a factor, and constants for the text that
/// the provider adds. The constants are published, or averages of reported counts (docs/estimation.md). 0 adds
/// nothing.</summary>
internal sealed record TokenRule
{
    /// <summary>Gets the model's tokens for each token of the encoding; 1 for the model's own encoding.</summary>
    public double PerToken { get; init; } = 1;

    /// <summary>Gets the extra tokens of each digit: an encoding joins up to three digits, but some models do
    /// not.</summary>
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

    /// <summary>Gets the tokens of the hidden mark of each citation in an output.</summary>
    public double Citation { get; init; }

    /// <summary>Gets the tokens of each top-level argument of a tool call, in output and input.</summary>
    public double ToolArgument { get; init; }

    /// <summary>Gets the tokens of a request.</summary>
    public double Request { get; init; }

    /// <summary>Gets the tokens of each message of a request, including the system's.</summary>
    public double Message { get; init; }

    /// <summary>Gets the tokens of each earlier tool call and its result in a request.</summary>
    public double ToolExchange { get; init; }

    /// <summary>Gets the tokens of a request that has tools.</summary>
    public double Tools { get; init; }

    /// <summary>Gets the tokens to add to <see cref="Tools"/> if the request also has a system message.</summary>
    public double ToolsInSystem { get; init; }

    /// <summary>Gets the tokens to add to <see cref="Tools"/> if the model must call a tool.</summary>
    public double ForcedTool { get; init; }

    /// <summary>Gets the tokens of each tool definition, in addition to its text.</summary>
    public double Tool { get; init; }

    /// <summary>Gets the tokens of a request with a JSON schema for the answer, in addition to the schema's
    /// text.</summary>
    public double Schema { get; init; }

    /// <summary>Gets the tokens of a request with thinking enabled.</summary>
    public double Thinking { get; init; }
}
