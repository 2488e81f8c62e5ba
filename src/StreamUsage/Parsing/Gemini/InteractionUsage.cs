using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Gemini;

/// <summary>Reads the usage object of Interactions. The input includes cached tokens; thoughts and tool prompts are
/// separate counts.</summary>
internal static class InteractionUsage
{
    /// <summary>Reads the object.</summary>
    /// <param name="usage">The object.</param>
    /// <param name="state">The state before it.</param>
    /// <param name="output">The observer.</param>
    /// <param name="isFinal">Whether it is the final usage; else its output count is a lower bound.</param>
    public static UsageAccumulator Read(ReadOnlySpan<byte> usage, UsageAccumulator state, IOutputObserver output, bool isFinal)
    {
        Utf8JsonReader reader = Utf8Json.ReadValue(usage);
        UsageReport report = default;
        state = UsageObject.Read(ref reader, InteractionUsageNames.Usage, ref report, state, output);
        if (report.IsEmpty)
        {
            return state;
        }

        output.OnReportedUsage(usage, isCumulative: false);
        ReportedTokens tokens = report.ToTokens(TokenConvention.InputIncludesCache | TokenConvention.ReasoningBesideOutput);
        tokens = tokens with { OutputTokens = tokens.OutputTokens ?? 0 }; // Google's JSON omits zeros.
        return GeminiUsage.WithDetails(state, report).Replace(tokens) with { IsOutputPlaceholder = !isFinal };
    }
}
