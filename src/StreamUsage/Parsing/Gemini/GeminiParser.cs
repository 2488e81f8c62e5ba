using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Gemini;

/// <summary>Parses Google Gemini: stream chunks (SSE or array elements), a whole answer, and errors; directly (Gemini
/// API, Vertex) or inside Code Assist's <c>response</c>. There is no terminal event: a finish reason ends each
/// candidate, a block reason the prompt. Usage may follow.</summary>
internal sealed class GeminiParser : IProbedProtocol, ITemplatedProtocol
{
    public const string OperationName = "generate_content";

    public string Protocol => "gemini";

    public UsageNames UsageNames => GeminiUsageNames.Metadata;

    public string Operation => OperationName;

    public bool MayVary(ReadOnlySpan<byte> name) => name.SequenceEqual("text"u8);

    public bool IsCount(ReadOnlySpan<byte> name) => name.EndsWith("okenCount"u8);

    public ParserMatch Match(in RootProbe probe) =>
        probe.Gemini == ParserMatch.None && probe.HasError ? ParserMatch.Possible : probe.Gemini;

    /// <summary>Returns how certain it is that a property of the root, or of a wrapped chunk, is Gemini's.</summary>
    public static ParserMatch MatchName(scoped ReadOnlySpan<byte> name, JsonTokenType value)
    {
        if (name.SequenceEqual("candidates"u8))
        {
            return value == JsonTokenType.StartArray ? ParserMatch.Certain : ParserMatch.None;
        }

        if (value != JsonTokenType.StartObject)
        {
            return ParserMatch.None;
        }

        // A live session's first messages have no usage, so their content is a possible match.
        return name.SequenceEqual("usageMetadata"u8) || name.SequenceEqual("promptFeedback"u8) ? ParserMatch.Certain
            : name.SequenceEqual("setupComplete"u8) || name.SequenceEqual("serverContent"u8) ? ParserMatch.Possible
            : ParserMatch.None;
    }

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        if (!Utf8Json.IsObject(streamEvent.Data))
        {
            return state;
        }

        Utf8JsonReader reader = Utf8Json.ReadValue(streamEvent.Data);
        reader.EnterObject();
        bool isFirst = streamEvent.IsWholeBody && state == default;
        UsageAccumulator next = ReadChunk(ref reader, streamEvent.Data, state, output, isWhole: isFirst, isWrapped: false);
        if (isFirst)
        {
            return next.Error is null && next != default ? next with { IsTerminal = true } : next;
        }

        // A second object: the first one was a chunk of JSON lines.
        return streamEvent.IsWholeBody && next.IsTerminal && next.Choices != default && !next.Choices.AllFinished
            ? next with { IsTerminal = false } : next;
    }

    private static UsageAccumulator ReadChunk(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output, bool isWhole, bool isWrapped)
    {
        // The finish reasons decide whether a missing count is 0, so usage that comes before them is read last.
        Utf8JsonReader usage = default;
        bool areReasonsKnown = isWhole, isKnown = isWrapped, isLive = false;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("candidates"u8))
            {
                state = ReadCandidates(ref reader, data, state, output);
                areReasonsKnown = isKnown = true;
            }
            else if (name.SequenceEqual("usageMetadata"u8))
            {
                isKnown = true;
                if (areReasonsKnown && reader.TokenType == JsonTokenType.StartObject)
                {
                    state = GeminiUsage.Read(ref reader, data, state, output, isComplete: isWhole || state.IsComplete);
                }
                else
                {
                    usage = reader;
                    reader.Skip();
                }
            }
            else if (name.SequenceEqual("modelVersion"u8))
            {
                string? model = reader.GetName(state.Model);
                state = model is null || ReferenceEquals(model, state.Model) ? state : state with { Model = model };
            }
            else if (name.SequenceEqual("responseId"u8))
            {
                string? id = reader.GetId(state.ResponseId);
                state = id is null || ReferenceEquals(id, state.ResponseId) ? state : state with { ResponseId = id };
            }
            else if (name.SequenceEqual("serverContent"u8))
            {
                isKnown = isLive = true;
                reader.Skip();
            }
            else if (name.SequenceEqual("promptFeedback"u8))
            {
                state = ReadPromptFeedback(ref reader, state);
            }
            else if (name.SequenceEqual("error"u8))
            {
                isKnown = true;
                state = ErrorObject.ReadInto(ref reader, state);
            }
            else if (!isWrapped && name.SequenceEqual("response"u8))
            {
                isKnown = true;
                state = reader.EnterObject() ? ReadChunk(ref reader, data, state, output, isWhole, isWrapped: true) : state;
            }
            else
            {
                reader.Skip();
            }
        }

        if (!isKnown && FlatError.Read(data) is { } flatError)
        {
            return state.WithError(flatError);
        }

        // In a live session each turn has its own counts.
        state = isLive && usage.TokenType == JsonTokenType.StartObject ? state with { Tokens = default } : state;
        return usage.TokenType == JsonTokenType.StartObject
            ? GeminiUsage.Read(ref usage, data, state, output, isComplete: isWhole || state.IsComplete) : state;
    }

    private static UsageAccumulator ReadPromptFeedback(ref Utf8JsonReader reader, UsageAccumulator state)
    {
        if (reader.EnterObject())
        {
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("blockReason"u8))
                {
                    state = ReadReason(ref reader, state.StopReason) is { } reason
                        ? state with { StopReason = reason, IsTerminal = true } : state;
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        return state;
    }

    private static UsageAccumulator ReadCandidates(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output)
    {
        if (reader.EnterArray())
        {
            bool hasIndices = HasIndices(data);
            while (reader.NextElement())
            {
                state = reader.EnterObject() ? ReadCandidate(ref reader, data, state, output, hasIndices) : state;
            }
        }

        return state;
    }

    private static UsageAccumulator ReadCandidate(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, in UsageAccumulator state, IOutputObserver output, bool hasIndices)
    {
        int index = hasIndices ? Utf8Json.FindIndex(reader) : 0;
        ChoiceProgress choices = state.Choices.Begin(index);
        string? reason = null;
        bool hasOutput = false;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("content"u8))
            {
                hasOutput |= GeminiContent.Read(ref reader, data, index, output);
            }
            else if (name.SequenceEqual("finishReason"u8))
            {
                reason = ReadReason(ref reader, state.StopReason);
            }
            else
            {
                reader.Skip();
            }
        }

        // Output after a finish reason: the candidate had not ended.
        string? stopReason = state.StopReason;
        if (hasOutput && reason is null && choices.HasFinished(index))
        {
            choices = choices.Continue(index);
            stopReason = index == 0 ? null : stopReason;
        }

        choices = reason is null ? choices : choices.Finish(index);
        stopReason = index == 0 ? reason ?? stopReason : stopReason;
        return choices == state.Choices && ReferenceEquals(stopReason, state.StopReason)
            ? state : state with { Choices = choices, StopReason = stopReason };
    }

    // Returns whether an index other than 0 occurs. It comes after the content, so reading it takes a second pass.
    private static bool HasIndices(ReadOnlySpan<byte> data)
    {
        for (int at; (at = data.IndexOf("\"index\""u8)) >= 0;)
        {
            data = data[(at + "\"index\"".Length)..].TrimStart(" :\t\r\n"u8);
            if (data is not [(byte)'0', (byte)',' or (byte)'}' or (byte)' ' or (byte)'\r' or (byte)'\n', ..])
            {
                return true;
            }
        }

        return false;
    }

    // The enum's zero value has no meaning.
    private static string? ReadReason(ref Utf8JsonReader reader, string? known)
    {
        if (reader.TokenType == JsonTokenType.String && reader.ValueSpan.EndsWith("_UNSPECIFIED"u8))
        {
            return null;
        }

        return reader.GetName(known);
    }
}
