using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Cohere;

/// <summary>Parses Cohere's Embed and Rerank: one body, whose <c>meta</c> holds the billed input. There is no
/// output.</summary>
/// <param name="protocol">The protocol's name.</param>
/// <param name="operation">The operation's name.</param>
/// <param name="result">The root member that tells Embed from Rerank.</param>
internal sealed class CohereInputParser(string protocol, string operation, RootMembers result) : IProbedProtocol
{
    public string Protocol => protocol;

    public UsageNames UsageNames => CohereUsageNames.Usage;

    public string Operation => operation;

    public ParserMatch Match(in RootProbe probe) =>
        !probe.IsObject || !probe.Has(result) ? ParserMatch.None
        : probe.Usage == UsageShape.Cohere || probe.Has(RootMembers.Ranking) ? ParserMatch.Certain
        : ParserMatch.Possible;

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        if (!Utf8Json.IsObject(streamEvent.Data))
        {
            return state;
        }

        state = InputAnswer.Read(streamEvent.Data, state, output, TryReadUsage);

        // Bedrock's embeddings report no counts. Without an output of 0, they would be free instead of estimated.
        bool isEstimated = result == RootMembers.Embeddings && state.BilledUnits.Count == 0 && state.Error is null;
        if (state.Tokens.HasInput || isEstimated)
        {
            state = state with { Tokens = state.Tokens with { OutputTokens = state.Tokens.OutputTokens ?? 0 } };
        }

        return state.Error is null ? state with { IsTerminal = true } : state;
    }

    private static bool TryReadUsage(
        ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, ref UsageAccumulator state,
        IOutputObserver output)
    {
        if (!name.SequenceEqual("meta"u8) && !name.SequenceEqual("usage"u8))
        {
            return false;
        }

        state = CohereUsage.Read(ref reader, data, state, output);
        return true;
    }
}
