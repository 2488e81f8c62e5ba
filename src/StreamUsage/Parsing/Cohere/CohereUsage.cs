using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Cohere;

/// <summary>Reads Cohere's <c>usage</c> and <c>meta</c>: processed <c>tokens</c>, of which <c>cached_tokens</c> came
/// from the cache, and <c>billed_units</c>, which are fewer. If only billed units are given, they are the usage
/// too.</summary>
internal static class CohereUsage
{
    /// <summary>Reads the object that the reader is at.</summary>
    public static UsageAccumulator Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output)
    {
        UsageReport report = default;
        UsageAccumulator next = state;
        ReadOnlySpan<byte> json = UsageObject.Read(ref reader, data, CohereUsageNames.Usage, ref report, ref next, output);
        if (json.IsEmpty)
        {
            return state;
        }

        ReportedTokens tokens = report.ToTokens(TokenConvention.InputIncludesCache);
        if ((tokens.InputTokens ?? tokens.OutputTokens) is null)
        {
            // The cached tokens are part of the tokens, not of the billed units.
            long images = next.TokenDetails.GetValueOrDefault("input_image_tokens");
            tokens = next.BilledTokens is { } billed
                ? new ReportedTokens
                {
                    InputTokens = billed.TotalInputTokens - images,
                    ExtraInputTokens = images,
                    OutputTokens = billed.OutputTokens
                }
                : new ReportedTokens { InputTokens = tokens.TotalTokens }; // All that other servers' rerankers report.
            next = next with { BilledTokens = null };
        }

        if (tokens.IsZero && next.BilledTokens is { TotalTokens: 0 })
        {
            next = next with { BilledTokens = null }; // Counts that are all 0 are no report.
        }

        if (!tokens.HasInput && tokens.OutputTokens is null && next.BilledUnits.Count == 0)
        {
            return next; // Only the API's version.
        }

        output.OnReportedUsage(json, isCumulative: false);
        return next.Replace(tokens);
    }
}
