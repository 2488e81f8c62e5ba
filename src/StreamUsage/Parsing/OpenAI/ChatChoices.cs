using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Reads the choices of a chunk or a whole completion: their output, finish reasons, usage and
/// errors.</summary>
internal static class ChatChoices
{
    /// <summary>Reads the array that the reader is at; skips any other value.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="data">The event's data.</param>
    /// <param name="state">The state before the choices.</param>
    /// <param name="output">The observer.</param>
    /// <param name="isChunk">Set to true if a choice has a delta.</param>
    /// <param name="hasUsage">Set to true if a choice has a usage object, which is not read
    /// (<see cref="ReadUsage"/>).</param>
    /// <param name="choiceIndex">The index of the only choice; negative if there are none or several.</param>
    /// <param name="hasAnswer">Whether there is a choice.</param>
    public static UsageAccumulator Read(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output, ref bool isChunk,
            ref bool hasUsage, out long choiceIndex, out bool hasAnswer)
    {
        choiceIndex = -1;
        hasAnswer = false;
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
                choiceIndex = hasAnswer ? -1 : index;
                hasAnswer = true;
                state = ReadChoice(ref reader, data, index, before, state, output, ref isChunk, ref hasUsage);
            }
        }

        return state;
    }

    /// <summary>Reads the usage objects in choices (Moonshot's), each of which counts its choice.</summary>
    /// <param name="choices">The data from the array on.</param>
    /// <param name="state">The state before them.</param>
    /// <param name="output">The observer.</param>
    public static UsageAccumulator ReadUsage(ReadOnlySpan<byte> choices, UsageAccumulator state, IOutputObserver output)
    {
        Utf8JsonReader reader = Utf8Json.ReadValue(choices);
        while (reader.NextElement())
        {
            if (!reader.EnterObject())
            {
                continue;
            }

            int index = Utf8Json.FindIndex(reader);
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("usage"u8) && reader.TokenType == JsonTokenType.StartObject)
                {
                    state = OpenAIUsage.ReadChat(ref reader, choices, state, output, index, isOwn: true);
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        return state;
    }

    private static UsageAccumulator ReadChoice(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, int index, ChoiceProgress before, UsageAccumulator state,
            IOutputObserver output, ref bool isChunk, ref bool hasUsage)
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
                hasUsage |= reader.TokenType == JsonTokenType.StartObject;
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
}
