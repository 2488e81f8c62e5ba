using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Anthropic;

/// <summary>Reads Anthropic's usage object. Its input excludes cached tokens. The usage of <c>message_delta</c> is
/// cumulative and replaces that of <c>message_start</c> field by field.</summary>
internal static class ClaudeUsage
{
    // The input excludes the cache, even if a total says otherwise.
    public const TokenConvention Convention = TokenConvention.AnthropicCacheNames;

    /// <summary>Reads the object that the reader is at.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="data">The event's data.</param>
    /// <param name="state">The state before the event.</param>
    /// <param name="output">The observer.</param>
    /// <param name="isStart">Whether the object begins a message, so that its output is a placeholder.</param>
    public static UsageAccumulator Read(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output, bool isStart)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return state;
        }

        ReportedTokens tokens =
            UsageObject.ReadAndReport(ref reader, data, ClaudeUsageNames.Message, Convention, ref state, output, isCumulative: !isStart);
        return isStart ? state.BeginCounts(tokens) : state.Merge(tokens);
    }
}
