using System.Text;
using StreamUsage.Estimation.Counting;
using StreamUsage.Estimation.Families;
using StreamUsage.Estimation.Tools;
using StreamUsage.Parsing;

namespace StreamUsage.Estimation.Outputs;

/// <summary>What of a kept output costs tokens.</summary>
internal sealed record OutputFacts
{
    /// <summary>Tokens of all text, counted with the family's encoding.</summary>
    public double Text { get; private init; }

    /// <summary>Digits in it.</summary>
    public double Digits { get; private init; }

    public int Choices { get; private init; }

    public int ToolCalls { get; private init; }

    /// <summary>How often calls began after something else: calls in a row are written as one group.</summary>
    public int ToolCallGroups { get; private init; }

    public int ToolArguments { get; private init; }

    /// <summary>Marks of citations, whose text is not the model's.</summary>
    public int Citations { get; private init; }

    public bool HasText { get; private init; }

    /// <summary>UTF-16 units of what was kept, tool names left out.</summary>
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

    public double Tokens(TokenRule rule) =>
        (Text * rule.PerToken) + (Digits * rule.PerDigit) + (Choices * rule.Answer)
        + (ToolCallGroups * rule.ToolCalls) + (ToolCalls * rule.ToolCall) + (ToolArguments * rule.ToolArgument) + (Citations * rule.Citation)
        + (ToolCalls <= Choices ? 0 : ToolCalls * rule.ParallelToolCall)
        + (ToolCalls > 0 && HasText ? rule.TextWithToolCalls : 0);
}
