using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Reads the message of a chat choice, or a delta of it: text, reasoning, refusal, tool calls,
/// transcript.</summary>
internal static class ChatMessage
{
    // The key of the single function call of older APIs.
    private const int OldFunctionCall = -1;

    public static void Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, int choice, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        bool keepsMessage = output.KeepsMessage, hasReasoning = false;
        if (keepsMessage)
        {
            hasReasoning = ReportReasoningFirst(reader, choice, output);
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("content"u8))
            {
                ReadContent(ref reader, OutputKind.Text, choice, output);
            }
            else if ((name.SequenceEqual("reasoning_content"u8) || name.SequenceEqual("reasoning"u8))
                && reader.TokenType == JsonTokenType.String)
            {
                // Some servers send the same reasoning under both names.
                if (!hasReasoning)
                {
                    hasReasoning = !reader.ValueSpan.IsEmpty;
                    reader.ReportOutput(OutputKind.Reasoning, choice, output);
                }
            }
            else if (name.SequenceEqual("refusal"u8))
            {
                reader.ReportOutput(OutputKind.Refusal, choice, output);
            }
            else if (name.SequenceEqual("tool_calls"u8))
            {
                ReadToolCalls(ref reader, data, choice, output);
            }
            else if (name.SequenceEqual("function_call"u8))
            {
                if (reader.TokenType == JsonTokenType.StartObject)
                {
                    output.OnBlock(new OutputBlock(choice, OldFunctionCall, BlockStage.Delta) { Type = "tool_use"u8 });
                }

                ReadFunction(ref reader, data, choice, output);
            }
            else if (keepsMessage && name.SequenceEqual("role"u8) && reader.TokenType == JsonTokenType.String)
            {
                output.OnMessage(reader.ValueSpan, isNew: false);
            }
            else if (name.SequenceEqual("audio"u8))
            {
                ReadAudio(ref reader, choice, output);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    /// <summary>Returns whether the object that the reader is at holds output of the model. Audio does not count: its
    /// object may hold an id and no transcript.</summary>
    public static bool HasOutput(Utf8JsonReader reader)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            bool isOutput = name.SequenceEqual("content"u8) || name.SequenceEqual("reasoning_content"u8)
                || name.SequenceEqual("reasoning"u8) || name.SequenceEqual("refusal"u8)
                || name.SequenceEqual("tool_calls"u8) || name.SequenceEqual("function_call"u8);
            if (isOutput && HasContent(reader))
            {
                return true;
            }

            reader.Skip();
        }

        return false;
    }

    /// <summary>Returns whether the object that the reader is at has more than a role.</summary>
    public static bool HasMoreThanRole(Utf8JsonReader reader)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (!name.SequenceEqual("role"u8) && HasContent(reader))
            {
                return true;
            }

            reader.Skip();
        }

        return false;
    }

    private static bool HasContent(Utf8JsonReader value)
    {
        if (value.TokenType == JsonTokenType.String)
        {
            return !value.ValueSpan.IsEmpty;
        }

        return value.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && value.Read()
            && value.TokenType is not (JsonTokenType.EndObject or JsonTokenType.EndArray);
    }

    // A string, or Mistral's parts: {type: text, text} and {type: thinking, thinking: [parts]}.
    private static void ReadContent(ref Utf8JsonReader reader, OutputKind kind, int choice, IOutputObserver output)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.ReportOutput(kind, choice, output);
            return;
        }

        while (reader.NextElement())
        {
            if (!reader.EnterObject())
            {
                continue;
            }

            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("text"u8))
                {
                    reader.ReportOutput(kind, choice, output);
                }
                else if (name.SequenceEqual("thinking"u8))
                {
                    ReadContent(ref reader, OutputKind.Reasoning, choice, output);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
    }

    private static void ReadToolCalls(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, int choice, IOutputObserver output)
    {
        if (!reader.EnterArray())
        {
            return;
        }

        bool keepsMessage = output.KeepsMessage;
        for (int position = 0; reader.NextElement(); position++)
        {
            if (!reader.EnterObject())
            {
                continue;
            }

            if (keepsMessage)
            {
                // Without an index, the position is used, and the id separates it from the calls of other chunks.
                BlockHeader call = BlockHeader.Find(reader);
                output.OnBlock(new OutputBlock(choice, call.Index < 0 ? position : call.Index, BlockStage.Delta)
                {
                    Type = call.IsCustom ? "custom"u8 : "tool_use"u8,
                    Id = call.Id,
                    HasTextInput = call.IsCustom,
                });
            }

            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("function"u8) || name.SequenceEqual("custom"u8))
                {
                    ReadFunction(ref reader, data, choice, output);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
    }

    // Reports the reasoning ahead of the rest, for a captured message whose server puts it last. Returns whether there
    // is any.
    private static bool ReportReasoningFirst(Utf8JsonReader reader, int choice, IOutputObserver output)
    {
        try
        {
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if ((name.SequenceEqual("reasoning_content"u8) || name.SequenceEqual("reasoning"u8))
                    && reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty)
                {
                    reader.ReportOutput(OutputKind.Reasoning, choice, output);
                    return true;
                }

                reader.Skip();
            }
        }
        catch (JsonException)
        {
            // The parser reads the same bytes next, and throws.
        }

        return false;
    }

    private static void ReadFunction(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, int choice, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("name"u8))
            {
                reader.ReportOutput(OutputKind.ToolName, choice, output);
            }
            else if (name.SequenceEqual("arguments"u8) || name.SequenceEqual("input"u8))
            {
                if (reader.TokenType == JsonTokenType.StartObject)
                {
                    output.OnOutput(OutputKind.ToolArguments, choice, reader.GetRaw(data), isEscaped: false);
                }
                else
                {
                    reader.ReportOutput(OutputKind.ToolArguments, choice, output);
                }
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void ReadAudio(ref Utf8JsonReader reader, int choice, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("transcript"u8))
            {
                reader.ReportOutput(OutputKind.Text, choice, output);
            }
            else
            {
                reader.Skip();
            }
        }
    }
}
