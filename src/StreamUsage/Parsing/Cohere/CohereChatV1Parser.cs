using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Bedrock;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Cohere;

/// <summary>Parses Cohere's Chat, version 1: stream events, as JSON lines or SSE, and a whole answer. The last event,
/// <c>stream-end</c>, repeats the answer. Of <c>response_id</c> and <c>generation_id</c>, the latter is used, as a
/// stream begins with it.</summary>
internal sealed class CohereChatV1Parser : IProbedProtocol, ITemplatedProtocol
{
    public string Protocol => "cohere-chat";

    public UsageNames UsageNames => CohereUsageNames.Usage;

    public bool MayVary(ReadOnlySpan<byte> name) => name.SequenceEqual("text"u8);

    public ParserMatch Match(in RootProbe probe) =>
        probe.IsObject && (probe.Has(RootMembers.IsFinished) ? !probe.NamedType.IsEmpty : probe.Has(RootMembers.GenerationId))
            ? ParserMatch.Certain : ParserMatch.None;

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        ReadOnlySpan<byte> data = streamEvent.Data;
        if (!Utf8Json.IsObject(data))
        {
            return state;
        }

        ReadOnlySpan<byte> type = streamEvent.Type;
        Utf8JsonReader text = default;
        bool isAnswer = false;
        Utf8JsonReader reader = Utf8Json.ReadValue(data);
        reader.EnterObject();
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("event_type"u8) && reader.TokenType == JsonTokenType.String)
            {
                type = reader.ValueSpan;
            }
            else if (name.SequenceEqual("text"u8))
            {
                text = reader;
                reader.Skip();
            }
            else if (name.SequenceEqual("tool_call_delta"u8))
            {
                ReadCallDelta(ref reader, output);
            }
            else if (name.SequenceEqual("tool_calls"u8))
            {
                ReadCalls(ref reader, data, isOutput: type.IsEmpty, output);
            }
            else if (name.SequenceEqual("response"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                state = ReadResponse(ref reader, data, state, output);
            }
            else if (name.SequenceEqual(InvocationMetrics.Name))
            {
                state = ConverseUsage.FillIn(ref reader, data, state, output);
            }
            else
            {
                isAnswer |= name.SequenceEqual("generation_id"u8);
                state = ReadEnd(ref reader, name, data, state, output);
            }
        }

        // The text of tool-calls-generation repeats the chunks before it.
        if (text.TokenType == JsonTokenType.String)
        {
            if (type.SequenceEqual("tool-calls-chunk"u8))
            {
                CohereContent.ObservePlan(ref text, output);
            }
            else if (type.IsEmpty || type.SequenceEqual("text-generation"u8))
            {
                CohereContent.ObserveText(ref text, 0, output);
            }
        }

        if (type.IsEmpty && !isAnswer && state.Error is null && FlatError.Read(data) is { } error)
        {
            return state.WithError(error);
        }

        bool isEnd = type.SequenceEqual("stream-end"u8) || (streamEvent.IsWholeBody && type.IsEmpty && isAnswer);
        return isEnd && state.Error is null ? state with { IsTerminal = true } : state;
    }

    // stream-end repeats the whole answer. Its text and calls were read before, so only its id, finish reason and usage
    // are read here.
    private static UsageAccumulator ReadResponse(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output)
    {
        reader.EnterObject();
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            state = ReadEnd(ref reader, name, data, state, output);
        }

        return state;
    }

    private static UsageAccumulator ReadEnd(
        ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output)
    {
        if (name.SequenceEqual("generation_id"u8))
        {
            return reader.GetId(state.ResponseId) is { } id ? state with { ResponseId = id } : state;
        }

        if (name.SequenceEqual("finish_reason"u8))
        {
            return CohereChatParser.WithReason(state, reader.GetName(state.StopReason));
        }

        if (name.SequenceEqual("meta"u8))
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

    // {index, name, parameters}: the parameters are pieces of text.
    private static void ReadCallDelta(ref Utf8JsonReader reader, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        if (output.KeepsMessage)
        {
            long key = CohereContent.KeyOfCall(BlockHeader.FindIndex(reader));
            output.OnBlock(new OutputBlock(0, key, BlockStage.Delta) { Type = "tool_use"u8 });
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("name"u8))
            {
                reader.ReportOutput(OutputKind.ToolName, 0, output);
            }
            else if (name.SequenceEqual("parameters"u8))
            {
                reader.ReportOutput(OutputKind.ToolArguments, 0, output);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    // [{name, parameters}]: objects that are output in a whole answer, and repeat the chunks of a stream.
    private static void ReadCalls(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, bool isOutput, IOutputObserver output)
    {
        if (!reader.EnterArray())
        {
            return;
        }

        for (int index = 0; reader.NextElement(); index++)
        {
            if (!reader.EnterObject())
            {
                continue;
            }

            BlockStage stage = isOutput ? BlockStage.Delta : BlockStage.Done;
            output.OnBlock(new OutputBlock(0, CohereContent.KeyOfCall(index), stage) { Type = "tool_use"u8 });
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                bool isName = name.SequenceEqual("name"u8);
                if (isName && isOutput)
                {
                    reader.ReportOutput(OutputKind.ToolName, 0, output);
                }
                else if (isName)
                {
                    reader.ReportField(BlockField.Name, 0, output);
                }
                else if (name.SequenceEqual("parameters"u8) && reader.TokenType == JsonTokenType.StartObject)
                {
                    ReadOnlySpan<byte> parameters = reader.GetRaw(data);
                    if (isOutput)
                    {
                        output.OnOutput(OutputKind.ToolArguments, 0, parameters, isEscaped: false);
                    }
                    else
                    {
                        output.OnField(BlockField.Input, 0, parameters, isEscaped: false);
                    }
                }
                else
                {
                    reader.Skip();
                }
            }
        }
    }
}
