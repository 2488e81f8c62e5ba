using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.Mistral;

/// <summary>Reads an entry of a conversation's response, or a delta of it: text, thinking, function and server tool
/// calls.</summary>
internal static class ConversationEntry
{
    /// <summary>Returns whether a type is that of an entry or of an entry's event.</summary>
    public static bool IsEntry(ReadOnlySpan<byte> type) =>
        type.StartsWith("message.output"u8) || type.StartsWith("function.call"u8) || type.StartsWith("tool.execution"u8);

    /// <summary>Reads the entry that the reader is at.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="data">The event's data.</param>
    /// <param name="type">The type of the entry or of its event.</param>
    /// <param name="index">The entry's index; negative if the event holds it.</param>
    /// <param name="state">The state before the entry.</param>
    /// <param name="output">The observer.</param>
    public static UsageAccumulator Read(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, scoped ReadOnlySpan<byte> type, int index, UsageAccumulator state,
        IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return state;
        }

        bool isCall = type.StartsWith("function.call"u8);
        bool isTool = type.StartsWith("tool.execution"u8);
        index = output.KeepsMessage && index < 0 ? FindIndex(reader) : index;
        if (output.KeepsMessage && (isCall || isTool))
        {
            ReportCall(reader, isCall, index, output);
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("model"u8))
            {
                state = reader.GetName(state.Model) is { } model && !ReferenceEquals(model, state.Model) ? state with { Model = model }
                    : state;
            }
            else if (name.SequenceEqual("role"u8) && reader.TokenType == JsonTokenType.String)
            {
                output.OnMessage(reader.ValueSpan, isNew: false);
            }
            else if (name.SequenceEqual("content"u8) && !isCall && !isTool)
            {
                ReadContent(ref reader, index, output);
            }
            else if (isCall && name.SequenceEqual("name"u8))
            {
                reader.ReportOutput(OutputKind.ToolName, 0, output);
            }
            else if (name.SequenceEqual("arguments"u8) && (isCall || isTool))
            {
                ReadArguments(ref reader, data, output);
            }
            else
            {
                reader.Skip();
            }
        }

        return state;
    }

    // The content parts of a whole entry have their own indices. A delta's content counts as the first part.
    private static long KeyOf(int index, int part) => ((long)index << 32) + part;

    private static int FindIndex(Utf8JsonReader reader)
    {
        try
        {
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("output_index"u8))
                {
                    return reader.GetIndex();
                }

                reader.Skip();
            }
        }
        catch (JsonException)
        {
            // The parser reads the same bytes next, and throws.
        }

        return 0;
    }

    private static void ReportCall(Utf8JsonReader reader, bool isCall, int index, IOutputObserver output)
    {
        ReadOnlySpan<byte> id = default, tool = default;
        try
        {
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                bool isString = reader.TokenType == JsonTokenType.String;
                id = isString && name.SequenceEqual("tool_call_id"u8) ? reader.ValueSpan : id;
                tool = isString && name.SequenceEqual("name"u8) ? reader.ValueSpan : tool;
                reader.Skip();
            }
        }
        catch (JsonException)
        {
            // The parser reads the same bytes next, and throws.
        }

        output.OnBlock(new OutputBlock(0, KeyOf(index, 0), BlockStage.Delta) { Type = isCall ? "tool_use"u8 : tool, Id = id });
    }

    // A string, or chunks: {type: text, text}, {type: thinking, thinking: [{type: text, text}]}, references, files.
    private static void ReadContent(ref Utf8JsonReader reader, int index, IOutputObserver output)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            ObserveText(ref reader, OutputKind.Text, KeyOf(index, 0), output);
        }
        else if (reader.TokenType != JsonTokenType.StartArray)
        {
            ReadChunk(ref reader, OutputKind.Text, KeyOf(index, 0), output);
        }
        else if (reader.EnterArray())
        {
            for (int part = 0; reader.NextElement(); part++)
            {
                ReadChunk(ref reader, OutputKind.Text, KeyOf(index, part), output);
            }
        }
    }

    private static void ReadChunk(ref Utf8JsonReader reader, OutputKind kind, long key, IOutputObserver output)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            ObserveText(ref reader, kind, key, output);
            return;
        }

        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("text"u8))
            {
                ObserveText(ref reader, kind, key, output);
            }
            else if (name.SequenceEqual("thinking"u8) && reader.TokenType == JsonTokenType.StartArray)
            {
                reader.EnterArray();
                while (reader.NextElement())
                {
                    ReadChunk(ref reader, OutputKind.Reasoning, key, output);
                }
            }
            else if (name.SequenceEqual("thinking"u8))
            {
                ObserveText(ref reader, OutputKind.Reasoning, key, output);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void ObserveText(ref Utf8JsonReader reader, OutputKind kind, long key, IOutputObserver output)
    {
        if (reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty)
        {
            output.OnBlock(new OutputBlock(0, key, BlockStage.Delta));
        }

        reader.ReportOutput(kind, 0, output);
    }

    private static void ReadArguments(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, IOutputObserver output)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.ReportOutput(OutputKind.ToolArguments, 0, output);
            return;
        }

        ReadOnlySpan<byte> arguments = reader.GetRaw(data);
        if (arguments.Length > 2)
        {
            output.OnOutput(OutputKind.ToolArguments, 0, arguments, isEscaped: false);
        }
    }
}
