using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Parses Embeddings of OpenAI and compatible servers: one body, with input usage only.</summary>
internal sealed class OpenAIEmbeddingsParser : IProbedProtocol
{
    public string Protocol => "openai-embeddings";

    public UsageNames UsageNames => OpenAIUsageNames.Chat;

    public string Operation => "embeddings";

    public ParserMatch Match(in RootProbe probe) =>
        probe.Object.SequenceEqual("list"u8) && probe.HasDataArray && probe.Usage is UsageShape.Chat or UsageShape.Responses
            ? ParserMatch.Certain : ParserMatch.None;

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        if (!Utf8Json.IsObject(streamEvent.Data))
        {
            return state;
        }

        state = InputAnswer.Read(streamEvent.Data, state, output, TryReadUsage);

        // There is no output, also not in the total. Some servers send only the total.
        ReportedTokens tokens = state.Tokens;
        state = state with
        {
            Tokens = tokens with
            {
                Convention = tokens.Convention & ~TokenConvention.TotalMayHoldMoreOutput,
                InputTokens = tokens.InputTokens is > 0 ? tokens.InputTokens : tokens.TotalTokens ?? tokens.InputTokens,
                OutputTokens = 0,
            },
        };
        return state.Error is null ? state with { IsTerminal = true } : state;
    }

    private static bool TryReadUsage(
        ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, ref UsageAccumulator state,
        IOutputObserver output)
    {
        if (!name.SequenceEqual("usage"u8))
        {
            return false;
        }

        state = OpenAIUsage.ReadChat(ref reader, data, state, output);
        return true;
    }
}
