using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Reads the usage object of OpenAI and compatible servers. The input includes cache reads and writes; the
/// output includes reasoning.</summary>
internal static class OpenAIUsage
{
    /// <summary>Reads Chat's usage object, which updates the earlier one field by field.</summary>
    /// <param name="reader">The reader, at the object.</param>
    /// <param name="data">The event's data.</param>
    /// <param name="state">The state before the event.</param>
    /// <param name="output">The observer.</param>
    /// <param name="choiceIndex">The choice of the chunk; negative if none or several.</param>
    /// <param name="isOwn">Whether the object stands in the choice, so that the counts are its own.</param>
    public static UsageAccumulator ReadChat(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output, long choiceIndex = -1,
        bool isOwn = false)
    {
        const TokenConvention convention = TokenConvention.InputIncludesCache | TokenConvention.TotalMayHoldMoreOutput;
        ReportedTokens tokens =
            UsageObject.ReadAndReport(ref reader, data, OpenAIUsageNames.Chat, convention, ref state, output, isCumulative: true);
        return state.Merge(tokens, choiceIndex, isOwn);
    }

    /// <summary>Reads Responses' usage object, which covers the whole answer.</summary>
    public static UsageAccumulator ReadResponses(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output)
    {
        ReportedTokens tokens = UsageObject.ReadAndReport(
            ref reader, data, OpenAIUsageNames.Responses, TokenConvention.InputIncludesCache, ref state, output, isCumulative: false);
        return state.Replace(tokens);
    }
}
