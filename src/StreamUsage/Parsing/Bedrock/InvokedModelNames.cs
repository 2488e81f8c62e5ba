using StreamUsage.Accounting;
using StreamUsage.Parsing.UsageObjects;
using static StreamUsage.Parsing.UsageObjects.UsageName;

namespace StreamUsage.Parsing.Bedrock;

/// <summary>Holds the counts of invoked models, which are beside the text and in no usage object.</summary>
internal static class InvokedModelNames
{
    public static UsageNames Counts { get; } = new(
        Count("inputTextTokenCount", UsageCount.Input),
        Count("prompt_token_count", UsageCount.Input),
        Count("totalOutputTextTokenCount", UsageCount.Output),
        Count("generation_token_count", UsageCount.Output));
}
