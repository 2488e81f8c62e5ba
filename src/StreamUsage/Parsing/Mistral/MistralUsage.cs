using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Mistral;

/// <summary>Reads the usage object of Mistral's Conversations.</summary>
internal static class MistralUsage
{
    /// <summary>Reads the object that the reader is at.</summary>
    public static UsageAccumulator Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output)
    {
        ReportedTokens tokens = UsageObject.ReadAndReport(
            ref reader, data, MistralUsageNames.Usage, TokenConvention.InputIncludesCache, ref state, output, isCumulative: false);
        return state.Replace(tokens);
    }
}
