using System.Text;
using StreamUsage.Estimation.Counting;
using StreamUsage.Estimation.Families;
using StreamUsage.Estimation.Tools;
using StreamUsage.Parsing;

namespace StreamUsage.Estimation.Outputs;

/// <summary>Represents the counts that determine the tokens of a kept output.</summary>
internal sealed record OutputFacts
{
    /// <summary>Gets the number of tokens of all text, by the family's encoding.</summary>
    public double Text { get; private init; }

    public double Digits { get; private init; }

    public int Choices { get; private init; }

    public int ToolCalls { get; private init; }

    /// <summary>Gets the number of groups of consecutive tool calls.</summary>
    public int ToolCallGroups { get; private init; }

    public int ToolArguments { get; private init; }

    /// <summary>Gets the number of citations, whose text is not the model's.</summary>
    public int Citations { get; private init; }

    public bool HasText { get; private init; }

    /// <summary>Gets the number of kept UTF-16 units, without tool names.</summary>
    public long Characters { get; private init; }

    public static OutputFacts Read(ModelOutput output, ModelFamily family)
    {
        long characters = 0, total = 0;
        int choices = 0, calls = 0, groups = 0, arguments = 0, citations = 0, choice = -1;
        bool hasText = false, isAfterCall = false;
        foreach (OutputPart part in output.Parts)
        {
            total += part.Text.Length;
            characters += part.Kind is OutputKind.ToolName or OutputKind.Citation ? 0 : part.Text.Length;
        }

        using var meter = new TextMeter(Tokenizers.Get(family.Encoding), 3 * total);
        foreach (OutputPart part in output.Parts)
        {
            if (part.Kind == OutputKind.Citation)
            {
                citations++;
                continue;
            }

            choices += choices == 0 || part.ChoiceIndex != choice ? 1 : 0;
            choice = part.ChoiceIndex;
            calls += part.Kind == OutputKind.ToolName ? 1 : 0;
            groups += part.Kind == OutputKind.ToolName && !isAfterCall ? 1 : 0;
            isAfterCall = part.Kind is OutputKind.ToolName or OutputKind.ToolArguments;
            hasText |= part.Kind is OutputKind.Text or OutputKind.Refusal;
            byte[] text = Encoding.UTF8.GetBytes(part.Text);
            if (part.Kind == OutputKind.ToolArguments && family.Tools == ToolNotation.Tags)
            {
                arguments += ToolArgumentText.Read(text, meter);
            }
            else
            {
                meter.Add(text);
                meter.End();
            }
        }

        return new OutputFacts
        {
            Text = meter.Tokens,
            Digits = meter.Digits,
            Choices = choices,
            ToolCalls = calls,
            ToolCallGroups = groups,
            ToolArguments = arguments,
            Citations = citations,
            HasText = hasText,
            Characters = characters,
        };
    }

    /// <summary>Returns the tokens by a family's rule.</summary>
    public double Tokens(TokenRule rule) =>
        (Text * rule.PerToken) + (Digits * rule.PerDigit) + (Choices * rule.Answer)
        + (ToolCallGroups * rule.ToolCalls) + (ToolCalls * rule.ToolCall) + (ToolArguments * rule.ToolArgument)
            + (Citations * rule.Citation)
        + (ToolCalls <= Choices ? 0 : ToolCalls * rule.ParallelToolCall)
        + (ToolCalls > 0 && HasText ? rule.TextWithToolCalls : 0);
}
