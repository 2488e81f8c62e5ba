using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Bedrock;

/// <summary>Reads Bedrock's counts, from Converse and from the metrics of an invoked model's events. The input excludes
/// cached tokens; the total includes them.</summary>
internal static class ConverseUsage
{
    /// <summary>Reads the usage object that the reader is at.</summary>
    public static UsageAccumulator Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output)
    {
        int start = (int)reader.TokenStartIndex;
        ReportedTokens tokens = ReadCounts(ref reader, ref state, output);
        output.OnReportedUsage(data[start..(int)reader.BytesConsumed], isCumulative: false);
        return state.Replace(tokens);
    }

    /// <summary>Reads the <c>amazon-bedrock-invocationMetrics</c> that the reader is at. They repeat the model's usage,
    /// so they only fill in missing counts.</summary>
    public static UsageAccumulator FillIn(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return state;
        }

        int start = (int)reader.TokenStartIndex;
        ReportedTokens metrics = ReadCounts(ref reader, ref state, output);
        bool isOutputKnown = state.IsOutputReported && state.Tokens.OutputTokens is > 0;
        bool isInputKnown = state.Tokens.HasInput && state.Usage.TotalInputTokens != 0;
        ReportedTokens missing = metrics with { OutputTokens = isOutputKnown ? null : metrics.OutputTokens, TotalTokens = null };
        missing = isInputKnown ? missing.WithInputOf(default) : missing;
        if (!missing.HasAny)
        {
            return state;
        }

        output.OnReportedUsage(data[start..(int)reader.BytesConsumed], isCumulative: true);
        return state.Merge(missing with { Convention = isInputKnown ? state.Tokens.Convention : metrics.Convention });
    }

    private static ReportedTokens ReadCounts(ref Utf8JsonReader reader, ref UsageAccumulator state, IOutputObserver output)
    {
        UsageReport report = default;
        state = UsageObject.Read(ref reader, ConverseUsageNames.Usage, ref report, state, output);
        return report.IsEmpty ? default : report.ToTokens(TokenConvention.AnthropicCacheNames);
    }
}
