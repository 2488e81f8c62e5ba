using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Bedrock;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Parses Chat Completions of OpenAI and compatible servers: chunks, a whole completion, and errors.</summary>
internal sealed class OpenAIChatParser : IProbedProtocol, ITemplatedProtocol
{
    public string Protocol => "openai-chat";

    public UsageNames UsageNames => OpenAIUsageNames.Chat;

    public bool MayVary(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("content"u8) || name.SequenceEqual("reasoning_content"u8) || name.SequenceEqual("reasoning"u8)
            || name.SequenceEqual("refusal"u8)
        || name.SequenceEqual("arguments"u8) || name.SequenceEqual("obfuscation"u8) || name.SequenceEqual("created"u8);

    // Some servers count in every chunk.
    public bool IsCount(ReadOnlySpan<byte> name) => name.EndsWith("_tokens"u8);

    public ParserMatch Match(in RootProbe probe)
    {
        if ((probe.HasChoices && !probe.Object.SequenceEqual(OpenAICompletionsParser.ObjectName))
            || probe.Object.StartsWith("chat.completion"u8))
        {
            return ParserMatch.Certain;
        }

        return probe.HasError || probe.Usage == UsageShape.Chat || probe.Object.SequenceEqual("error"u8)
            ? ParserMatch.Possible : ParserMatch.None;
    }

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        ReadOnlySpan<byte> data = streamEvent.Data;
        if (!Utf8Json.IsObject(data))
        {
            return IsDone(data) ? state with { IsTerminal = true } : state;
        }

        // A further object is a line of a stream, even if it does not call itself a chunk.
        bool isChunk = state.Choices != default, isError = false;
        FlatError flatError = default;
        ProviderError? error = null;
        bool hasAnswer = false;
        long choiceIndex = -1;
        Utf8JsonReader reader = Utf8Json.ReadValue(data);
        Utf8JsonReader usage = default, nestedUsage = default;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("choices"u8))
            {
                state = ReadChoices(ref reader, data, state, output, ref isChunk, ref nestedUsage, out choiceIndex, out hasAnswer);
            }
            else if (name.SequenceEqual("id"u8))
            {
                // Chunks of one stream may have different ids; the first one is used.
                if (state.ResponseId is not null)
                {
                    reader.Skip();
                }
                else if (reader.GetId() is { } id)
                {
                    state = state with { ResponseId = id };
                }
            }
            else if (name.SequenceEqual("model"u8))
            {
                string? model = reader.GetName(state.Model);
                state = model is null || ReferenceEquals(model, state.Model) ? state : state with { Model = model };
            }
            else if (name.SequenceEqual("object"u8) && reader.TokenType == JsonTokenType.String)
            {
                isChunk |= reader.ValueSpan.EndsWith(".chunk"u8);
                isError |= reader.ValueTextEquals("error"u8);
            }
            else if (name.SequenceEqual("usage"u8))
            {
                usage = reader;
                reader.Skip();
            }
            else if (name.SequenceEqual("error"u8))
            {
                error = ErrorObject.Read(ref reader) ?? error;
            }
            else if (name.SequenceEqual("x_groq"u8))
            {
                state = ReadGroq(ref reader, state, ref nestedUsage);
            }
            else if (name.SequenceEqual("service_tier"u8))
            {
                state = Utf8Json.WithServiceTier(state, reader.GetName(state.ServiceTier));
            }
            else if (name.SequenceEqual(InvocationMetrics.Name))
            {
                // Bedrock adds them to the last event of a Chat model.
                state = ConverseUsage.FillIn(ref reader, data, state, output);
            }
            else if (!flatError.TryRead(ref reader, name))
            {
                reader.Skip();
            }
        }

        // The root's usage wins over one in a choice or in x_groq.
        usage = usage.TokenType == JsonTokenType.StartObject ? usage : nestedUsage;
        if (usage.TokenType == JsonTokenType.StartObject)
        {
            state = OpenAIUsage.ReadChat(ref usage, data, state, output, choiceIndex);
        }

        // Some servers send an empty error object beside the answer.
        if (error is not null && (!hasAnswer || error != new ProviderError()))
        {
            state = state.WithError(error);
        }

        if ((isError ? flatError.ToError() : flatError.ToErrorIfAny(hasAnswer)) is { } flat)
        {
            state = state.WithError(flat);
        }

        return streamEvent.IsWholeBody && !isChunk && state.Error is null ? state with { IsTerminal = true } : state;
    }

    /// <summary>Returns whether an event's data is the end marker, which some servers pad.</summary>
    public static bool IsDone(ReadOnlySpan<byte> data) => data.Trim(" \t"u8).SequenceEqual("[DONE]"u8);

    private static UsageAccumulator ReadChoices(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output, ref bool isChunk,
            ref Utf8JsonReader usage, out long onlyIndex, out bool isAny)
    {
        onlyIndex = -1;
        isAny = false;
        if (!reader.EnterArray())
        {
            return state;
        }

        ChoiceProgress before = state.Choices;
        while (reader.NextElement())
        {
            if (reader.EnterObject())
            {
                int index = Utf8Json.FindIndex(reader);
                onlyIndex = isAny ? -1 : index;
                isAny = true;
                state = ReadChoice(ref reader, data, index, before, state, output, ref isChunk, ref usage);
            }
        }

        return state;
    }

    private static UsageAccumulator ReadChoice(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, int index, ChoiceProgress before, UsageAccumulator state,
            IOutputObserver output, ref bool isChunk, ref Utf8JsonReader usage)
    {
        Utf8JsonReader choice = reader;
        string? reason = null;
        state = state with { Choices = state.Choices.Begin(index) };
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("delta"u8))
            {
                isChunk = true;
                state = before.HasFinished(index) && ChatMessage.HasOutput(reader) ? Continue(state, index) : state;
                ChatMessage.Read(ref reader, data, index, output);
            }
            else if (name.SequenceEqual("message"u8))
            {
                // Beside deltas, the message repeats them: in each of Perplexity's chunks, in MiniMax's last.
                if (before.HasBegun(index) || HasDelta(choice))
                {
                    reader.Skip();
                }
                else
                {
                    ChatMessage.Read(ref reader, data, index, output);
                }
            }
            else if (name.SequenceEqual("finish_reason"u8) || name.SequenceEqual("finishReason"u8))
            {
                reason = ReadReason(ref reader, state.StopReason) ?? reason;
            }
            else if (name.SequenceEqual("text"u8))
            {
                // Together's servers repeat the delta's text here.
                if (HasDelta(choice))
                {
                    reader.Skip();
                }
                else
                {
                    state = before.HasFinished(index) && reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty
                        ? Continue(state, index) : state;
                    reader.ReportOutput(OutputKind.Text, index, output);
                }
            }
            else if (name.SequenceEqual("usage"u8))
            {
                usage = reader;
                reader.Skip();
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

        return reason is null ? state : Finish(state, index, reason);
    }

    private static UsageAccumulator Finish(UsageAccumulator state, int index, string reason)
    {
        state = state with { Choices = state.Choices.Finish(index), StopReason = index == 0 ? reason : state.StopReason };
        return reason == "error" && state.Error is null ? state.WithError(new ProviderError()) : state;
    }

    // Output after a finish reason: the choice had not ended.
    private static UsageAccumulator Continue(in UsageAccumulator state, int index) =>
        state with { Choices = state.Choices.Continue(index), StopReason = index == 0 ? null : state.StopReason };

    // KoboldCpp sends the string "null".
    private static string? ReadReason(ref Utf8JsonReader reader, string? known)
    {
        if (reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("null"u8))
        {
            return null;
        }

        return reader.GetName(known);
    }

    // Returns whether the reader's choice has a non-empty delta: a whole answer may have an empty one beside its
    // message.
    private static bool HasDelta(Utf8JsonReader choice)
    {
        while (choice.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("delta"u8))
            {
                return ChatMessage.HasMoreThanRole(choice);
            }

            choice.Skip();
        }

        return false;
    }

    private static UsageAccumulator ReadGroq(ref Utf8JsonReader reader, UsageAccumulator state, ref Utf8JsonReader usage)
    {
        if (!reader.EnterObject())
        {
            return state;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("usage"u8))
            {
                usage = reader;
                reader.Skip();
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
}
