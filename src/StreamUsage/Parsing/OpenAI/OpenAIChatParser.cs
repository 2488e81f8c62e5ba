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
        bool hasAnswer = false, hasChoiceUsage = false;
        long choiceIndex = -1;
        int choicesStart = 0;
        Utf8JsonReader reader = Utf8Json.ReadValue(data);
        Utf8JsonReader usage = default, groqUsage = default, metrics = default;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("choices"u8))
            {
                choicesStart = (int)reader.TokenStartIndex;
                state = ChatChoices.Read(ref reader, data, state, output, ref isChunk, ref hasChoiceUsage, out choiceIndex, out hasAnswer);
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
                state = ReadGroq(ref reader, state, ref groqUsage);
            }
            else if (name.SequenceEqual("service_tier"u8))
            {
                state = Utf8Json.WithServiceTier(state, reader.GetName(state.ServiceTier));
            }
            else if (name.SequenceEqual(InvocationMetrics.Name))
            {
                metrics = reader;
                reader.Skip();
            }
            else if (!flatError.TryRead(ref reader, name))
            {
                reader.Skip();
            }
        }

        // The root's usage wins over one in x_groq or in the choices.
        usage = usage.TokenType == JsonTokenType.StartObject ? usage : groqUsage;
        if (usage.TokenType == JsonTokenType.StartObject)
        {
            state = OpenAIUsage.ReadChat(ref usage, data, state, output, choiceIndex);
        }
        else if (hasChoiceUsage)
        {
            state = ChatChoices.ReadUsage(data[choicesStart..], state, output);
        }

        // Bedrock adds its metrics to the last event of a Chat model. They repeat the usage, so they are read after it.
        if (metrics.TokenType == JsonTokenType.StartObject)
        {
            state = ConverseUsage.FillIn(ref metrics, data, state, output);
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
