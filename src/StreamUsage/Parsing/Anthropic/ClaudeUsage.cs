using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Anthropic;

/// <summary>Reads Anthropic's usage object. Its input excludes cached tokens. <c>message_delta</c>'s is cumulative and
/// replaces <c>message_start</c>'s field by field.</summary>
internal static class ClaudeUsage
{
    /// <summary>What every count of Anthropic's is made by.</summary>
    public const TokenConvention Convention = TokenConvention.AnthropicCacheNames;

    /// <summary>Reads the object that the reader stands on.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="data">The event that it reads.</param>
    /// <param name="state">The state before it.</param>
    /// <param name="output">The observer.</param>
    /// <param name="isStart">Whether a message begins with it, so that its output is a placeholder.</param>
    public static UsageAccumulator Read(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output, bool isStart)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return state;
        }

        int start = (int)reader.TokenStartIndex;
        UsageReport report = default;
        state = UsageObject.Read(ref reader, ClaudeUsageNames.Message, ref report, state, output);
        output.OnReportedUsage(data[start..(int)reader.BytesConsumed], isCumulative: !isStart);
        ReportedTokens tokens = report.IsEmpty ? default : report.ToTokens(Convention);
        return isStart ? state.BeginCounts(tokens) : state.Merge(tokens);
    }
}
