using StreamUsage.Estimation.Families;


namespace StreamUsage.Benchmarks.Accuracy;

/// <summary>A constant of a rule: how it is read and set, and how often a pair has it.</summary>
internal sealed record RuleColumn(
    string Name, Func<TokenRule, double> Get, Func<TokenRule, double, TokenRule> With, Func<PairFacts, double> Count)
{
    public static RuleColumn PerToken { get; } = new(nameof(TokenRule.PerToken),
        rule => rule.PerToken, (rule, value) => rule with { PerToken = value }, facts => facts.Output?.Text ?? facts.Request!.Text);

    public static RuleColumn PerDigit { get; } = new(nameof(TokenRule.PerDigit),
        rule => rule.PerDigit, (rule, value) => rule with { PerDigit = value }, facts => facts.Output?.Digits ?? facts.Request!.Digits);

    public static RuleColumn Answer { get; } = new(
        nameof(TokenRule.Answer), rule => rule.Answer, (rule, value) => rule with { Answer = value }, facts => facts.Output?.Choices ?? 0);

    public static RuleColumn ToolCalls { get; } = new(nameof(TokenRule.ToolCalls),
        rule => rule.ToolCalls, (rule, value) => rule with { ToolCalls = value }, facts => facts.Output?.ToolCallGroups ?? 0);

    public static RuleColumn ToolCall { get; } = new(nameof(TokenRule.ToolCall),
        rule => rule.ToolCall, (rule, value) => rule with { ToolCall = value }, facts => facts.Output?.ToolCalls ?? 0);

    public static RuleColumn ToolArgument { get; } =
        new(nameof(TokenRule.ToolArgument), rule => rule.ToolArgument,
            (rule, value) => rule with { ToolArgument = value }, facts => facts.Output?.ToolArguments ?? facts.Request!.ToolArguments);

    public static RuleColumn Request { get; } = new(nameof(TokenRule.Request),
        rule => rule.Request, (rule, value) => rule with { Request = value }, facts => facts.Request is null ? 0 : 1);

    public static RuleColumn Message { get; } = new(nameof(TokenRule.Message),
        rule => rule.Message, (rule, value) => rule with { Message = value }, facts => facts.Request?.Messages ?? 0);

    public static RuleColumn ToolExchange { get; } =
        new(nameof(TokenRule.ToolExchange),
            rule => rule.ToolExchange, (rule, value) => rule with { ToolExchange = value }, facts => facts.Request?.ToolExchanges ?? 0);

    public static RuleColumn Tools { get; } = new(nameof(TokenRule.Tools),
        rule => rule.Tools, (rule, value) => rule with { Tools = value }, facts => Math.Min(1, facts.Request?.Tools ?? 0));

    public static RuleColumn ToolsInSystem { get; } =
        new(nameof(TokenRule.ToolsInSystem), rule => rule.ToolsInSystem,
            (rule, value) => rule with { ToolsInSystem = value }, facts => facts.Request is { Tools: > 0, HasSystem: true } ? 1 : 0);

    public static RuleColumn ForcedTool { get; } =
        new(nameof(TokenRule.ForcedTool), rule => rule.ForcedTool,
            (rule, value) => rule with { ForcedTool = value }, facts => facts.Request is { Tools: > 0, IsToolForced: true } ? 1 : 0);

    public static RuleColumn Tool { get; } = new(
        nameof(TokenRule.Tool), rule => rule.Tool, (rule, value) => rule with { Tool = value }, facts => facts.Request?.Tools ?? 0);

    public static RuleColumn Schema { get; } = new(nameof(TokenRule.Schema),
        rule => rule.Schema, (rule, value) => rule with { Schema = value }, facts => facts.Request is { HasSchema: true } ? 1 : 0);

    public static RuleColumn Thinking { get; } = new(nameof(TokenRule.Thinking),
        rule => rule.Thinking, (rule, value) => rule with { Thinking = value }, facts => facts.Request is { IsThinking: true } ? 1 : 0);

    /// <summary>All of them: a count is the sum of each constant, so many times, and of the media.</summary>
    public static IReadOnlyList<RuleColumn> All { get; } =
        [PerToken, PerDigit, Answer, ToolCalls, ToolCall, ToolArgument, Request, Message, ToolExchange, Tools, ToolsInSystem, ForcedTool,
            Tool, Schema, Thinking];
}
