using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Gemini;

/// <summary>Parses Gemini Live: the messages of one turn. Only a session separates turns, so no body matches.</summary>
internal sealed class GeminiLiveParser : IProtocolParser
{
    public string Protocol => "gemini";

    public string Operation => GeminiParser.OperationName;

    public ParserMatch Match(StreamEvent streamEvent) => ParserMatch.None;

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        ReadOnlySpan<byte> data = streamEvent.Data;
        Utf8JsonReader reader = Utf8Json.ReadValue(data);
        reader.EnterObject();
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("serverContent"u8))
            {
                state = LiveContent.ReadTurn(ref reader, data, state, output);
            }
            else if (name.SequenceEqual("toolCall"u8))
            {
                LiveContent.ReadCalls(ref reader, data, output);
            }
            else if (name.SequenceEqual("usageMetadata"u8))
            {
                state = ReadUsage(ref reader, data, state, output);
            }
            else if (name.SequenceEqual("error"u8))
            {
                state = ErrorObject.ReadInto(ref reader, state);
            }
            else
            {
                reader.Skip();
            }
        }

        return state;
    }

    // A turn repeats snapshots, and may begin with that of the turn before. So its last usage counts, even if it is
    // smaller.
    private static UsageAccumulator ReadUsage(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output)
    {
        int start = (int)reader.TokenStartIndex;
        UsageReport report = default;
        state = UsageObject.Read(ref reader, GeminiUsageNames.Live, ref report, state, output);
        if (report.IsEmpty)
        {
            return state;
        }

        output.OnReportedUsage(data[start..(int)reader.BytesConsumed], isCumulative: false);
        ReportedTokens tokens = report.ToTokens(TokenConvention.InputIncludesCache | TokenConvention.ReasoningBesideOutput);
        tokens = tokens with { OutputTokens = tokens.OutputTokens ?? 0 };
        if (tokens.IsZero)
        {
            return state.Replace(tokens); // Zeros are no report, so the earlier counts stay.
        }

        return (GeminiUsage.WithDetails(state, report) with { Tokens = default }).Replace(tokens);
    }
}
