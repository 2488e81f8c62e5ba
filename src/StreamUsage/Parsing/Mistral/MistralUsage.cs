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
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return state;
        }

        int start = (int)reader.TokenStartIndex;
        UsageReport report = default;
        state = UsageObject.Read(ref reader, MistralUsageNames.Usage, ref report, state, output);
        output.OnReportedUsage(data[start..(int)reader.BytesConsumed], isCumulative: false);
        return report.IsEmpty ? state : state.Replace(report.ToTokens(TokenConvention.InputIncludesCache));
    }
}
