using System.Text.Json;

namespace StreamUsage.Parsing;

/// <summary>The message of a chat choice, or a delta of it: text, reasoning, a refusal, tool calls, a transcript.</summary>
internal static class ChatMessage
{
    /// <summary>Tells the observer of what the object that the reader stands on holds.</summary>
    public static void Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, int choice, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        bool hasReasoning = false;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("content"u8))
            {
                ReadContent(ref reader, OutputKind.Text, choice, output);
            }
            else if ((name.SequenceEqual("reasoning_content"u8) || name.SequenceEqual("reasoning"u8)) && reader.TokenType == JsonTokenType.String)
            {
                // Some servers say the same reasoning under both names.
                if (!hasReasoning)
                {
                    hasReasoning = !reader.ValueSpan.IsEmpty;
                    reader.Observe(OutputKind.Reasoning, choice, output);
                }
            }
            else if (name.SequenceEqual("refusal"u8))
            {
                reader.Observe(OutputKind.Refusal, choice, output);
            }
            else if (name.SequenceEqual("tool_calls"u8))
            {
                ReadToolCalls(ref reader, data, choice, output);
            }
            else if (name.SequenceEqual("function_call"u8))
            {
                ReadFunction(ref reader, data, choice, output);
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

    // A string, or an array of parts as Mistral sends them: {type: text, text} and {type: thinking, thinking: [parts]}.
    private static void ReadContent(ref Utf8JsonReader reader, OutputKind kind, int choice, IOutputObserver output)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Observe(kind, choice, output);
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
                    reader.Observe(kind, choice, output);
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

        while (reader.NextElement())
        {
            if (!reader.EnterObject())
            {
                continue;
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
                reader.Observe(OutputKind.ToolName, choice, output);
            }
            else if (name.SequenceEqual("arguments"u8) || name.SequenceEqual("input"u8))
            {
                if (reader.TokenType == JsonTokenType.StartObject)
                {
                    output.Output(OutputKind.ToolArguments, choice, reader.GetRaw(data), isEscaped: false);
                }
                else
                {
                    reader.Observe(OutputKind.ToolArguments, choice, output);
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
                reader.Observe(OutputKind.Text, choice, output);
            }
            else
            {
                reader.Skip();
            }
        }
    }
}
