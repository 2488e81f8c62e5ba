using static StreamUsage.Benchmarks.Accuracy.RuleColumn;

namespace StreamUsage.Benchmarks.Accuracy;

/// <summary>One fit: which constants, of which families, on which pairs. What other constants add is taken as it
/// is.</summary>
internal sealed record FitStep(string[] Families, string? Protocol, bool IsOutput, params RuleColumn[] Columns)
{
    private const string Chat = "openai-chat", Responses = "openai-responses";
    private const string Gpt4o = "GPT-4o, GPT-4.1 and GPT-4.5",
        Gpt4oMini = "GPT-4o mini", OSeries = "o-series", Gpt5 = "GPT-5 and GPT-5.1", GptNew = "GPT-5.2 and later";
    private const string ClaudeOld = "Claude before 4.5", Claude45 = "Claude 4.5 and 4.6", ClaudeNew = "Claude 4.7 and later";

    /// <summary>In order: outputs first, whose constants for text and arguments hold for inputs too.</summary>
    public static IReadOnlyList<FitStep> All { get; } =
    [
        new([ClaudeOld, Claude45], null, true, PerToken, PerDigit, Answer, RuleColumn.ToolCalls, ToolCall, ToolArgument),
        new([ClaudeNew], null, true, PerToken, Answer),
        new([Gpt4o, Gpt4oMini], Chat, true, Answer),
        new([Gpt4o, Gpt4oMini], Responses, true, Answer),
        new([OSeries], Chat, true, Answer),
        new([OSeries], Responses, true, Answer),
        new([Gpt5], Chat, true, Answer),
        new([Gpt5], Responses, true, Answer),
        new([GptNew], Chat, true, Answer),
        new([GptNew], Responses, true, Answer),
        new([ClaudeOld, Claude45], null, false, Request, Message, ToolExchange, Tool, Schema, Thinking, Tools, ForcedTool),
        new([ClaudeNew], null, false, Request, Message),
        new([ClaudeNew], null, false, Tools),
        new([Gpt4o, Gpt4oMini], Chat, false, ToolExchange, Tools, ToolsInSystem),
        new([Gpt4o, Gpt4oMini], Responses, false, ToolExchange, Tools),
        new([OSeries, Gpt5, GptNew], null, false, Request),
        new([Gpt5, GptNew], Chat, false, ToolExchange, Tools),
        new([Gpt5, GptNew], Responses, false, ToolExchange, Tools),
    ];

    /// <summary>Whether the step's constants are those of a pair.</summary>
    public bool Fits(PairFacts facts) => facts.Pair.IsOutput == IsOutput && Sets(facts.Family.Name, facts.Pair.Protocol);

    /// <summary>Whether the step's constants are those of a row of the table.</summary>
    public bool Sets(string family, string protocol) => Families.Contains(family) && (Protocol is null || Protocol == protocol);
}
