using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Bedrock;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Anthropic;

/// <summary>Parses Anthropic Messages, also of cloud providers: stream events, a whole message, and errors.</summary>
internal sealed class ClaudeParser : IProbedProtocol, ITemplatedProtocol
{
    public const string Name = "anthropic-messages";

    public string Protocol => Name;

    public UsageNames UsageNames => ClaudeUsageNames.Message;

    public bool MayVary(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("text"u8) || name.SequenceEqual("partial_json"u8) || name.SequenceEqual("thinking"u8)
            || name.SequenceEqual("index"u8);

    public ParserMatch Match(in RootProbe probe)
    {
        if (!probe.IsObject)
        {
            return ParserMatch.None;
        }

        ReadOnlySpan<byte> type = probe.AnyType;
        if (type.StartsWith("message_"u8) || type.StartsWith("content_block_"u8)
            || (type.SequenceEqual("message"u8) && !probe.Type.IsEmpty))
        {
            return ParserMatch.Certain;
        }

        // The type must be in the data: other protocols name their events "error" as well.
        if (probe.Type.SequenceEqual("error"u8) && probe.HasError && !probe.HasCode)
        {
            return ParserMatch.Certain;
        }

        return (probe.Type.SequenceEqual("error"u8) && !probe.HasCode) || probe.HasError || BedrockException.IsType(probe.EventType)
            || probe.Usage is UsageShape.Claude or UsageShape.ClaudeOrResponses ? ParserMatch.Possible : ParserMatch.None;
    }

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        ReadOnlySpan<byte> data = streamEvent.Data;
        if (!Utf8Json.IsObject(data))
        {
            return state;
        }

        ReadOnlySpan<byte> type = streamEvent.Type;
        bool isError = false;
        FlatError flatError = default;
        Utf8JsonReader reader = Utf8Json.ReadValue(data);
        if (BedrockException.IsType(type))
        {
            return state.WithError(BedrockException.Read(ref reader, type));
        }

        int index = output.KeepsMessage ? BlockHeader.FindIndex(reader) : 0;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("type"u8) && reader.TokenType == JsonTokenType.String)
            {
                type = reader.ValueSpan;
            }
            else if (name.SequenceEqual("delta"u8))
            {
                state = ReadDelta(ref reader, data, index, state, output);
            }
            else if (name.SequenceEqual("message"u8))
            {
                state = ReadStart(ref reader, data, state, output);
            }
            else if (name.SequenceEqual("content_block"u8))
            {
                ClaudeContent.ReadBlock(ref reader, data, index, output);
            }
            else if (name.SequenceEqual("error"u8))
            {
                if (ErrorObject.Read(ref reader) is { } error)
                {
                    isError = true;
                    state = state.WithError(error);
                }
            }
            else if (name.SequenceEqual("usage"u8))
            {
                state = ClaudeUsage.Read(ref reader, data, state, output, isStart: false);
            }
            else if (name.SequenceEqual("content"u8))
            {
                ClaudeContent.Read(ref reader, data, output);
            }
            else if (name.SequenceEqual(InvocationMetrics.Name))
            {
                state = ConverseUsage.FillIn(ref reader, data, state, output);
            }
            else if (name.SequenceEqual("base_resp"u8))
            {
                flatError.TryRead(ref reader, name); // MiniMax's error: its message has no content.
            }
            else
            {
                state = ReadMessageProperty(ref reader, name, state, output);
            }
        }

        // As if there were output, so that a code beside a message is no error.
        if (!isError && flatError.ToErrorIfAny(hasOutput: true) is { } status)
        {
            isError = true;
            state = state.WithError(status);
        }
        else if (!isError && type.SequenceEqual("error"u8))
        {
            isError = true;
            state = state.WithError(ReadFlatError(data));
        }
        else if (!isError && type.IsEmpty && FlatError.Read(data) is { } flat)
        {
            isError = true;
            state = state.WithError(flat);
        }

        // Stream events may come as JSON lines. Only other objects are whole answers.
        bool isStreamEvent = type.StartsWith("message_"u8) || type.StartsWith("content_block"u8) || type.SequenceEqual("ping"u8);
        bool isTerminal = type.SequenceEqual("message_stop"u8) || (streamEvent.IsWholeBody && !isError && !isStreamEvent);
        return isTerminal ? state with { IsTerminal = true } : state;
    }

    // The event's type says only that it is an error, not its kind.
    private static ProviderError ReadFlatError(ReadOnlySpan<byte> data)
    {
        Utf8JsonReader reader = Utf8Json.ReadValue(data);
        ProviderError error = ErrorObject.Read(ref reader) ?? new ProviderError();
        return error.Type == "error" ? new ProviderError { Message = error.Message, StatusCode = error.StatusCode } : error;
    }

    // The usage of message_start begins the counts anew. Its output count is a placeholder.
    private static UsageAccumulator ReadStart(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return state;
        }

        state = state.Begin(default);
        output.OnMessage(default, isNew: true);
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("usage"u8))
            {
                state = ClaudeUsage.Read(ref reader, data, state, output, isStart: true);
            }
            else if (name.SequenceEqual("content"u8))
            {
                ClaudeContent.Read(ref reader, data, output); // Empty unless a whole answer is sent as a stream.
            }
            else
            {
                state = ReadMessageProperty(ref reader, name, state, output);
            }
        }

        return state;
    }

    private static UsageAccumulator ReadMessageProperty(
        ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name, UsageAccumulator state, IOutputObserver output)
    {
        if (name.SequenceEqual("role"u8) && reader.TokenType == JsonTokenType.String)
        {
            output.OnMessage(reader.ValueSpan, isNew: false);
            return state;
        }

        if (name.SequenceEqual("id"u8))
        {
            return reader.GetId(state.ResponseId) is { } id ? state with { ResponseId = id } : state;
        }

        if (name.SequenceEqual("model"u8))
        {
            return reader.GetName(state.Model) is { } model ? state with { Model = model } : state;
        }

        return ReadStop(ref reader, name, state);
    }

    private static UsageAccumulator ReadStop(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name, UsageAccumulator state)
    {
        if (name.SequenceEqual("stop_reason"u8))
        {
            return reader.GetName(state.StopReason) is { } reason ? state with { StopReason = reason } : state;
        }

        if (name.SequenceEqual("stop_sequence"u8))
        {
            return reader.GetId(state.StopSequence) is { } sequence ? state with { StopSequence = sequence } : state;
        }

        reader.Skip();
        return state;
    }

    private static UsageAccumulator ReadDelta(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, int index, UsageAccumulator state, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return state;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("text"u8))
            {
                output.OnBlock(new OutputBlock(0, index, BlockStage.Delta));
                reader.ReportOutput(OutputKind.Text, 0, output);
            }
            else if (name.SequenceEqual("thinking"u8))
            {
                output.OnBlock(new OutputBlock(0, index, BlockStage.Delta));
                reader.ReportOutput(OutputKind.Reasoning, 0, output);
            }
            else if (name.SequenceEqual("partial_json"u8))
            {
                output.OnBlock(new OutputBlock(0, index, BlockStage.Delta));
                reader.ReportOutput(OutputKind.ToolArguments, 0, output);
            }
            else if (name.SequenceEqual("signature"u8))
            {
                output.OnBlock(new OutputBlock(0, index, BlockStage.Delta));
                reader.ReportField(BlockField.Signature, 0, output);
            }
            else if (name.SequenceEqual("content"u8))
            {
                output.OnBlock(new OutputBlock(0, index, BlockStage.Delta)); // A compaction comes in one piece.
                reader.ReportField(BlockField.Text, 0, output);
            }
            else if (name.SequenceEqual("citation"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                ClaudeContent.ReportCitation(output);
                reader.Skip();
            }
            else if (name.SequenceEqual("usage"u8))
            {
                // An old page of Anthropic's documentation had it here, and some servers follow it.
                state = ClaudeUsage.Read(ref reader, data, state, output, isStart: false);
            }
            else
            {
                state = ReadStop(ref reader, name, state);
            }
        }

        return state;
    }
}
