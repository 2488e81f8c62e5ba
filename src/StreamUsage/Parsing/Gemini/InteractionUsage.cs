using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Gemini;

/// <summary>Reads the usage object of Interactions. Its input includes what was cached; thoughts are counted beside the
/// output, and the prompts of tools beside the input.</summary>
internal static class InteractionUsage
{
    /// <summary>Reads the object.</summary>
    /// <param name="usage">The object.</param>
    /// <param name="state">The state before it.</param>
    /// <param name="output">Told of the object, and of counts that are none.</param>
    /// <param name="isFinal">Whether it is the answer's; else it counts what there is so far, which the output is no
    /// less than.</param>
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
        tokens = tokens with { OutputTokens = tokens.OutputTokens ?? 0 }; // Zeros are left out, as in all of Google's JSON.
        return GeminiUsage.WithDetails(state, report).Replace(tokens) with { IsOutputPlaceholder = !isFinal };
    }
}
