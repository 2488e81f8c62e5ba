using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Reads OpenAI's usage object, and those of the many that speak like it. Its input includes cached and
/// cache-write tokens; its output includes reasoning.</summary>
internal static class OpenAIUsage
{
    /// <summary>Reads Chat's object that the reader stands on: fields replace those known before, and the others
    /// stay.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="data">The event that it reads.</param>
    /// <param name="state">The state before it.</param>
    /// <param name="output">The observer.</param>
    /// <param name="choiceIndex">The choice of the chunk; negative where it has none or several.</param>
    public static UsageAccumulator ReadChat(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output, long choiceIndex = -1)
    {
        const TokenConvention convention = TokenConvention.InputIncludesCache | TokenConvention.TotalMayHoldMoreOutput;
        ReportedTokens tokens = Read(ref reader, data, OpenAIUsageNames.Chat, convention, ref state, output, isCumulative: true);
        return state.Merge(tokens, choiceIndex);
    }

    /// <summary>Reads Responses' object that the reader stands on: it stands for the whole answer.</summary>
    public static UsageAccumulator ReadResponses(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output)
    {
        ReportedTokens tokens =
            Read(ref reader, data, OpenAIUsageNames.Responses, TokenConvention.InputIncludesCache, ref state, output, isCumulative: false);
        return state.Replace(tokens);
    }

    private static ReportedTokens Read(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageNames names, TokenConvention convention, ref UsageAccumulator state,
            IOutputObserver output, bool isCumulative)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return default;
        }

        int start = (int)reader.TokenStartIndex;
        UsageReport report = default;
        state = UsageObject.Read(ref reader, names, ref report, state, output);
        output.OnReportedUsage(data[start..(int)reader.BytesConsumed], isCumulative);
        return report.IsEmpty ? default : report.ToTokens(convention);
    }
}
