using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Parses OpenAI Responses: stream events, a whole response, and errors.</summary>
internal sealed class OpenAIResponsesParser : IProbedProtocol, ITemplatedProtocol
{
    private static ReadOnlySpan<byte> Compaction => "response.compaction"u8;

    public string Protocol => "openai-responses";

    public UsageNames UsageNames => OpenAIUsageNames.Responses;

    public bool MayVary(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("delta"u8) || name.SequenceEqual("sequence_number"u8) || name.SequenceEqual("obfuscation"u8)
            || name.SequenceEqual("item_id"u8);

    public ParserMatch Match(in RootProbe probe)
    {
        ReadOnlySpan<byte> type = probe.AnyType;
        if (!probe.IsObject)
        {
            return ParserMatch.None;
        }

        if (type.StartsWith("response."u8) || probe.Object.SequenceEqual("response"u8) || probe.Object.SequenceEqual(Compaction)
            || (probe.Type.SequenceEqual("error"u8) && probe.HasCode))
        {
            return ParserMatch.Certain;
        }

        return (type.SequenceEqual("error"u8) && probe.HasCode) || probe.Usage is UsageShape.Responses or UsageShape.ClaudeOrResponses
            ? ParserMatch.Possible : ParserMatch.None;
    }

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        ReadOnlySpan<byte> data = streamEvent.Data;
        if (!Utf8Json.IsObject(data))
        {
            return state;
        }

        ReadOnlySpan<byte> type = streamEvent.Type;
        ReadOnlySpan<byte> delta = default, item = default, response = default;
        bool isResponse = false, isCompaction = false, isDone = false;
        int outputIndex = 0, part = 0;
        FlatError flatError = default;
        var members = new JsonMembers(data);
        while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual("type"u8) && Utf8Json.IsString(value))
            {
                type = value[1..^1];
                if (IsRepetition(type))
                {
                    return state;
                }
            }
            else if (name.SequenceEqual("delta"u8))
            {
                delta = value;
            }
            else if (name.SequenceEqual("item"u8))
            {
                item = value;
            }
            else if (name.SequenceEqual("response"u8))
            {
                response = value;
            }
            else if (name.EndsWith("_index"u8))
            {
                // Of the output item, or of its part: content_index, summary_index.
                int index = Utf8Json.GetIndex(value);
                (outputIndex, part) = name.SequenceEqual("output_index"u8) ? (index, part) : (outputIndex, index);
            }
            else if (name.SequenceEqual("object"u8))
            {
                isResponse = value.SequenceEqual("\"response\""u8);
                isCompaction = Utf8Json.IsString(value) && value[1..^1].SequenceEqual(Compaction);
            }
            else if (name.SequenceEqual("error"u8))
            {
                state = ErrorObject.ReadInto(value, state);
            }
            else
            {
                Utf8JsonReader reader = Utf8Json.ReadValue(value);
                flatError.TryRead(ref reader, name);
            }
        }

        if (Utf8Json.IsString(delta) && DeltaKind(type) is { } kind)
        {
            if (delta.Length > 2)
            {
                ReportBlock(type, kind, outputIndex, part, output);
            }

            Utf8Json.ReportOutput(delta, kind, 0, output);
        }
        else if (Utf8Json.IsObjectValue(item))
        {
            state = ResponseItem.Read(item, type, outputIndex, state, output);
        }
        else if (Utf8Json.IsObjectValue(response))
        {
            state = ReadResponse(response, state, output, isWhole: false, out bool hasEnded);
            isDone = hasEnded && type.SequenceEqual("response.done"u8); // Sent by Codex's backend and its relays.
            if (output.KeepsMessage && (isDone || IsTerminal(type)))
            {
                ResponseBlocks.Repeat(response, output);
            }
        }
        else if (type.SequenceEqual("error"u8))
        {
            state = state.Error is null ? state.WithError(flatError.ToError()) : state;
        }
        else if (isCompaction)
        {
            // Its output is the shortened conversation, including the user's messages.
            state = ReadResponse(data, state with { Operation = "compact" }, output, isWhole: false, out _) with { IsTerminal = true };
        }
        else if (!isResponse && flatError.ToErrorIfAny(hasOutput: false) is not null)
        {
            // Read again, because here `type` is the error's, not the event's.
            state = state.WithError(FlatError.Read(data)!);
        }
        else if (isResponse || (streamEvent.IsWholeBody && !type.StartsWith("response."u8) && state.Error is null))
        {
            state = ReadResponse(data, state, output, isWhole: true, out _);
        }

        return isDone || IsTerminal(type) ? state with { IsTerminal = true } : state;
    }

    // These events repeat or announce deltas and items: finished text, an annotation, a tool's progress. Some are as
    // large as the answer.
    private static bool IsRepetition(ReadOnlySpan<byte> type) =>
        type.StartsWith("response."u8) && type["response.".Length..].Contains((byte)'.') && !type.EndsWith(".delta"u8)
            && !type.StartsWith("response.output_item."u8);

    private static bool IsTerminal(ReadOnlySpan<byte> type) =>
        type.SequenceEqual("response.completed"u8) || type.SequenceEqual("response.incomplete"u8)
            || type.SequenceEqual("response.failed"u8);

    // Only the model's own output: audio is base64, and a shell's output is not the model's.
    private static OutputKind? DeltaKind(ReadOnlySpan<byte> type)
    {
        // Earlier Realtime APIs have response.text.delta.
        if (type.SequenceEqual("response.output_text.delta"u8) || type.SequenceEqual("response.text.delta"u8)
            || type.EndsWith("audio_transcript.delta"u8) || type.EndsWith("audio.transcript.delta"u8))
        {
            return OutputKind.Text;
        }

        if (type.StartsWith("response.reasoning"u8) && type.EndsWith(".delta"u8))
        {
            return OutputKind.Reasoning;
        }

        if (type.SequenceEqual("response.refusal.delta"u8))
        {
            return OutputKind.Refusal;
        }

        return type.EndsWith("_arguments.delta"u8) || type.EndsWith("_call_input.delta"u8) || type.EndsWith("_call_code.delta"u8)
            || type.EndsWith("_call_command.delta"u8)
            ? OutputKind.ToolArguments
            : null;
    }

    private static void ReportBlock(ReadOnlySpan<byte> type, OutputKind kind, int outputIndex, int part, IOutputObserver output)
    {
        long key = ResponseBlocks.KeyOf(outputIndex, kind, part, isSummary: type.StartsWith("response.reasoning_summary"u8));
        output.OnBlock(new OutputBlock(0, key, BlockStage.Delta)
        {
            HasTextInput = kind == OutputKind.ToolArguments && !type.EndsWith("_arguments.delta"u8),
        });
    }

    // Reads the `response` object of created, in_progress and terminal events, or a whole body. Only a whole body's
    // output is read: the output of a stream was reported by its deltas.
    private static UsageAccumulator ReadResponse(
        ReadOnlySpan<byte> response, UsageAccumulator state, IOutputObserver output, bool isWhole, out bool hasEnded)
    {
        string? status = null, incompleteReason = null;
        ReadOnlySpan<byte> usage = default;
        IReadOnlyDictionary<string, long> toolUsage = UsageRecord.EmptyCounts;
        var members = new JsonMembers(response);
        while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual("id"u8))
            {
                state = Utf8Json.GetId(value, state.ResponseId) is { } id ? state with { ResponseId = id } : state;
            }
            else if (name.SequenceEqual("model"u8))
            {
                state = Utf8Json.GetName(value, state.Model) is { } model ? state with { Model = model } : state;
            }
            else if (name.SequenceEqual("status"u8))
            {
                status = Utf8Json.GetName(value);
            }
            else if (name.SequenceEqual("incomplete_details"u8))
            {
                incompleteReason = ReadReason(value);
            }
            else if (name.SequenceEqual("usage"u8))
            {
                usage = value;
            }
            else if (name.SequenceEqual("error"u8))
            {
                state = ErrorObject.ReadInto(value, state);
            }
            else if (name.SequenceEqual("service_tier"u8))
            {
                state = Utf8Json.WithServiceTier(state, Utf8Json.GetName(value, state.ServiceTier));
            }
            else if (name.SequenceEqual("tool_usage"u8))
            {
                Utf8JsonReader reader = Utf8Json.ReadValue(value);
                toolUsage = ResponseToolUsage.Read(ref reader, output);
            }
            else if (isWhole && name.SequenceEqual("output"u8))
            {
                state = ResponseItem.ReadAll(value, state, output);
            }
        }

        // Counts that the provider reports replace counts of the calls seen, so usage is read after the items.
        if (Utf8Json.IsObjectValue(usage))
        {
            Utf8JsonReader reader = Utf8Json.ReadValue(usage);
            state = OpenAIUsage.ReadResponses(ref reader, usage, state, output);
        }

        foreach ((string tool, long count) in toolUsage)
        {
            state = state with { ServerToolUse = CountsByName.With(state.ServerToolUse, tool, count) };
        }

        hasEnded = status is not (null or "queued" or "in_progress");
        return WithStatus(state, status, incompleteReason, isWhole);
    }

    private static UsageAccumulator WithStatus(UsageAccumulator state, string? status, string? incompleteReason, bool isWhole)
    {
        switch (status)
        {
            case "queued" or "in_progress":
                return isWhole ? state with { IsPending = true } : state;
            case "failed" when state.Error is null:
                state = state.WithError(new ProviderError());
                break;
        }

        return state with
        {
            StopReason = incompleteReason ?? status ?? state.StopReason,
            IsPending = false,
            IsTerminal = state.IsTerminal || isWhole,
        };
    }

    private static string? ReadReason(ReadOnlySpan<byte> details)
    {
        if (Utf8Json.IsObjectValue(details))
        {
            var members = new JsonMembers(details);
            while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
            {
                if (name.SequenceEqual("reason"u8))
                {
                    return Utf8Json.GetName(value);
                }
            }
        }

        return null;
    }
}
