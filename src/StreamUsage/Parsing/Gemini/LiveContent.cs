using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.Gemini;

/// <summary>Reads the content of a Gemini Live turn: output, its transcription, function calls and the end.</summary>
internal static class LiveContent
{
    /// <summary>Reads the <c>serverContent</c> that the reader is at.</summary>
    public static UsageAccumulator ReadTurn(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return state;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("modelTurn"u8))
            {
                GeminiContent.Read(ref reader, data, choice: 0, output);
            }
            else if (name.SequenceEqual("outputTranscription"u8))
            {
                ReadTranscription(ref reader, output);
            }
            else if (name.SequenceEqual("turnCompleteReason"u8))
            {
                state = reader.GetName(state.StopReason) is { } reason ? state with { StopReason = reason } : state;
            }
            else if (name.SequenceEqual("turnComplete"u8) && reader.TokenType == JsonTokenType.True)
            {
                state = state with { IsTerminal = true };
            }
            else if (name.SequenceEqual("interrupted"u8) && reader.TokenType == JsonTokenType.True)
            {
                state = state with { StopReason = "interrupted", Choices = state.Choices.Finish(0) };
            }
            else
            {
                reader.Skip();
            }
        }

        return state;
    }

    /// <summary>Reads the <c>toolCall</c> that the reader is at: <c>{functionCalls: [{id, name, args}]}</c>.</summary>
    public static void ReadCalls(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (!name.SequenceEqual("functionCalls"u8))
            {
                reader.Skip();
            }
            else if (reader.EnterArray())
            {
                while (reader.NextElement())
                {
                    GeminiContent.ReadCall(ref reader, data, "functionCall"u8, choice: 0, output);
                }
            }
        }
    }

    // {text}: the transcript of the model's speech.
    private static void ReadTranscription(ref Utf8JsonReader reader, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("text"u8))
            {
                reader.ReportOutput(OutputKind.Text, 0, output);
            }
            else
            {
                reader.Skip();
            }
        }
    }
}
