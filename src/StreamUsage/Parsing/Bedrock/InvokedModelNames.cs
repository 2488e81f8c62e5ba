using StreamUsage.Accounting;
using StreamUsage.Parsing.UsageObjects;
using static StreamUsage.Parsing.UsageObjects.UsageName;

namespace StreamUsage.Parsing.Bedrock;

/// <summary>The counts of invoked models, which stand beside their text and in no object of their own.</summary>
internal static class InvokedModelNames
{
    /// <summary>Gets those of Titan and Llama.</summary>
    public static UsageNames Counts { get; } = new(
        Count("inputTextTokenCount", UsageCount.Input),
        Count("prompt_token_count", UsageCount.Input),
        Count("totalOutputTextTokenCount", UsageCount.Output),
        Count("generation_token_count", UsageCount.Output));
}
