using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Bedrock;

/// <summary>Parses InvokeModel answers of models without another protocol: Titan, Llama, Cohere Command and Mistral's
/// text models. Other models use their own: Anthropic Messages, Chat Completions, Cohere Chat, Converse
/// (Nova).</summary>
internal sealed class InvokedModelParser : IProbedProtocol
{
    public string Protocol => "bedrock-invoke";

    public UsageNames UsageNames => InvokedModelNames.Counts;

    public string Operation => "text_completion";

    public ParserMatch Match(in RootProbe probe)
    {
        if (!probe.IsObject || !probe.Type.IsEmpty || !probe.NamedType.IsEmpty || probe.HasChoices)
        {
            return ParserMatch.None;
        }

        bool isCohere = probe.Has(RootMembers.IsFinished) || probe.Has(RootMembers.Generations);
        return probe.Has(RootMembers.TitanText | RootMembers.LlamaCounts) || isCohere ? ParserMatch.Certain
            : probe.Has(RootMembers.Generation | RootMembers.Outputs | RootMembers.InvocationMetrics) ? ParserMatch.Possible
            : ParserMatch.None;
    }

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        ReadOnlySpan<byte> data = streamEvent.Data;
        if (!Utf8Json.IsObject(data))
        {
            return state;
        }

        var answer = new InvokedModelAnswer(state);
        Utf8JsonReader reader = Utf8Json.ReadValue(data);
        Utf8JsonReader metrics = default;
        int index = output.KeepsMessage ? BlockHeader.FindIndex(reader) : 0;
        reader.EnterObject();
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual(InvocationMetrics.Name))
            {
                metrics = reader;
                reader.Skip();
            }
            else if (name.SequenceEqual("id"u8))
            {
                answer.State = reader.GetId(state.ResponseId) is { } id ? answer.State with { ResponseId = id } : answer.State;
            }
            else if (name.SequenceEqual("error"u8))
            {
                answer.State = ErrorObject.ReadInto(ref reader, answer.State);
            }
            else if (!answer.TryRead(ref reader, name, index, data, output))
            {
                reader.Skip();
            }
        }

        state = answer.Finish();
        bool isEnd = streamEvent.IsWholeBody;
        if (metrics.TokenType == JsonTokenType.StartObject)
        {
            isEnd = true; // A stream's last event holds them.
            state = ConverseUsage.FillIn(ref metrics, data, state, output);
        }

        return isEnd && state.Error is null ? state with { IsTerminal = true } : state;
    }
}
