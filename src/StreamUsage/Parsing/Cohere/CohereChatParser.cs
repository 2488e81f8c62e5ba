using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Bedrock;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Cohere;

/// <summary>Parses Cohere's Chat, version 2: stream events, the last of which is <c>message-end</c>, and a whole
/// answer.</summary>
internal sealed class CohereChatParser : IProbedProtocol, ITemplatedProtocol
{
    public string Protocol => "cohere-chat";

    public UsageNames UsageNames => CohereUsageNames.Usage;

    public bool MayVary(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("text"u8) || name.SequenceEqual("thinking"u8) || name.SequenceEqual("tool_plan"u8)
            || name.SequenceEqual("arguments"u8) || name.SequenceEqual("index"u8);

    public ParserMatch Match(in RootProbe probe)
    {
        if (!probe.IsObject)
        {
            return ParserMatch.None;
        }

        bool isAnswer = probe.Has(RootMembers.Message) && (probe.Usage == UsageShape.Cohere || probe.Has(RootMembers.FinishReason));
        return IsEvent(probe.AnyType) || isAnswer ? ParserMatch.Certain
            : probe.Usage == UsageShape.Cohere || probe.HasError ? ParserMatch.Possible
            : ParserMatch.None;
    }

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        ReadOnlySpan<byte> data = streamEvent.Data;
        if (!Utf8Json.IsObject(data))
        {
            return state;
        }

        ReadOnlySpan<byte> type = streamEvent.Type;
        bool isAnswer = false;
        Utf8JsonReader reader = Utf8Json.ReadValue(data);
        reader.EnterObject();
        int index = output.KeepsMessage ? BlockHeader.FindIndex(reader) : 0;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("type"u8) && reader.TokenType == JsonTokenType.String)
            {
                type = reader.ValueSpan;
            }
            else if (name.SequenceEqual("id"u8))
            {
                state = reader.GetId(state.ResponseId) is { } id ? state with { ResponseId = id } : state;
            }
            else if (name.SequenceEqual("delta"u8))
            {
                state = ReadDelta(ref reader, data, index, state, output);
            }
            else if (name.SequenceEqual("message"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                isAnswer = true;
                CohereContent.ReadMessage(ref reader, index: 0, output);
            }
            else if (name.SequenceEqual(InvocationMetrics.Name))
            {
                state = ConverseUsage.FillIn(ref reader, data, state, output);
            }
            else
            {
                isAnswer |= name.SequenceEqual("finish_reason"u8);
                state = ReadEnd(ref reader, name, data, state, output);
            }
        }

        if (type.IsEmpty && !isAnswer && state.Error is null && FlatError.Read(data) is { } error)
        {
            return state.WithError(error);
        }

        bool isEnd = type.SequenceEqual("message-end"u8) || (streamEvent.IsWholeBody && isAnswer);
        return isEnd && state.Error is null ? state with { IsTerminal = true } : state;
    }

    /// <summary>Returns the state with the stop reason; one that begins with ERROR is a failure.</summary>
    public static UsageAccumulator WithReason(in UsageAccumulator state, string? reason)
    {
        if (reason is null)
        {
            return state;
        }

        UsageAccumulator stopped = state with { StopReason = reason };
        return reason.StartsWith("ERROR", StringComparison.Ordinal) ? stopped.WithError(new ProviderError { Type = reason }) : stopped;
    }

    private static bool IsEvent(ReadOnlySpan<byte> type) =>
        type.StartsWith("message-"u8) || type.StartsWith("content-"u8) || type.StartsWith("tool-call-"u8)
            || type.StartsWith("tool-plan-"u8) || type.StartsWith("citation-"u8);

    private static UsageAccumulator ReadDelta(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, int index, UsageAccumulator state, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return state;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("message"u8))
            {
                CohereContent.ReadMessage(ref reader, index, output);
            }
            else
            {
                state = ReadEnd(ref reader, name, data, state, output);
            }
        }

        return state;
    }

    private static UsageAccumulator ReadEnd(
        ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output)
    {
        if (name.SequenceEqual("finish_reason"u8))
        {
            return WithReason(state, reader.GetName(state.StopReason));
        }

        if (name.SequenceEqual("usage"u8))
        {
            return CohereUsage.Read(ref reader, data, state, output);
        }

        if (name.SequenceEqual("error"u8))
        {
            return ErrorObject.ReadInto(ref reader, state);
        }

        reader.Skip();
        return state;
    }
}
