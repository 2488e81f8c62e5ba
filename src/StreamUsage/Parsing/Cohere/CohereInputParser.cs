using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Cohere;

/// <summary>Parses Cohere's Embed and Rerank: one body, whose <c>meta</c> holds the billed input. There is no
/// output.</summary>
/// <param name="protocol">The protocol's name.</param>
/// <param name="operation">The operation's name.</param>
/// <param name="result">The root member that only this one of the two has.</param>
internal sealed class CohereInputParser(string protocol, string operation, RootMembers result) : IProbedProtocol
{
    public string Protocol => protocol;

    public UsageNames UsageNames => CohereUsageNames.Usage;

    public string Operation => operation;

    public ParserMatch Match(StreamEvent streamEvent) => Match(RootProbe.Read(streamEvent));

    public ParserMatch Match(in RootProbe probe) =>
        !probe.IsObject || !probe.Has(result) ? ParserMatch.None
        : probe.Usage == UsageShape.Cohere || probe.Has(RootMembers.Ranking) ? ParserMatch.Certain
        : ParserMatch.Possible;

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        ReadOnlySpan<byte> data = streamEvent.Data;
        if (!Utf8Json.IsObject(data))
        {
            return state;
        }

        Utf8JsonReader reader = Utf8Json.ReadValue(data);
        reader.EnterObject();
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("id"u8))
            {
                state = reader.GetId() is { } id ? state with { ResponseId = id } : state;
            }
            else if (name.SequenceEqual("model"u8))
            {
                state = reader.GetName() is { } model ? state with { Model = model } : state;
            }
            else if (name.SequenceEqual("meta"u8) || name.SequenceEqual("usage"u8))
            {
                state = CohereUsage.Read(ref reader, data, state, output);
            }
            else if (name.SequenceEqual("error"u8))
            {
                state = ErrorObject.Read(ref reader) is { } error ? state.WithError(error) : state;
            }
            else
            {
                reader.Skip();
            }
        }

        if (state.Tokens.HasInput)
        {
            state = state with { Tokens = state.Tokens with { OutputTokens = state.Tokens.OutputTokens ?? 0 } };
        }

        return state.Error is null ? state with { IsTerminal = true } : state;
    }
}
