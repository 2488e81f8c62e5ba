using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.Cohere;

/// <summary>Reads a Cohere message or a delta of it: text, thinking, the tool plan and tool calls.</summary>
internal static class CohereContent
{
    // Content and tool calls each have indices from 0; the plan has none.
    private const long ToolCallKey = 1L << 32;
    private const long PlanKey = 1L << 33;

    /// <summary>Reports the message that the reader is at.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="index">The index of a delta's event; the elements of a whole message are counted instead.</param>
    /// <param name="output">The observer.</param>
    public static void ReadMessage(ref Utf8JsonReader reader, int index, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("role"u8) && reader.TokenType == JsonTokenType.String)
            {
                output.OnMessage(reader.ValueSpan, isNew: false);
            }
            else if (name.SequenceEqual("content"u8))
            {
                ReadContent(ref reader, index, output);
            }
            else if (name.SequenceEqual("tool_plan"u8))
            {
                ObservePlan(ref reader, output);
            }
            else if (name.SequenceEqual("tool_calls"u8))
            {
                ReadCalls(ref reader, index, output);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    /// <summary>Reports the tool plan, a kind of reasoning.</summary>
    public static void ObservePlan(ref Utf8JsonReader reader, IOutputObserver output) =>
        Observe(ref reader, OutputKind.Reasoning, PlanKey, output);

    public static void ObserveText(ref Utf8JsonReader reader, int index, IOutputObserver output) =>
        Observe(ref reader, OutputKind.Text, index, output);

    public static long KeyOfCall(int index) => ToolCallKey + index;

    private static void ReadContent(ref Utf8JsonReader reader, int index, IOutputObserver output)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            ReadPart(ref reader, index, output);
            return;
        }

        reader.EnterArray();
        for (int i = 0; reader.NextElement(); i++)
        {
            ReadPart(ref reader, i, output);
        }
    }

    // A string, {type, text} or {type, thinking}.
    private static void ReadPart(ref Utf8JsonReader reader, int index, IOutputObserver output)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            ObserveText(ref reader, index, output);
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
                ObserveText(ref reader, index, output);
            }
            else if (name.SequenceEqual("thinking"u8))
            {
                Observe(ref reader, OutputKind.Reasoning, index, output);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void ReadCalls(ref Utf8JsonReader reader, int index, IOutputObserver output)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            ReadCall(ref reader, index, output);
            return;
        }

        reader.EnterArray();
        for (int i = 0; reader.NextElement(); i++)
        {
            ReadCall(ref reader, i, output);
        }
    }

    // {id, type, function {name, arguments}}; a delta has only the arguments.
    private static void ReadCall(ref Utf8JsonReader reader, int index, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        if (output.KeepsMessage)
        {
            output.OnBlock(new OutputBlock(0, KeyOfCall(index), BlockStage.Delta)
            {
                Type = "tool_use"u8,
                Id = BlockHeader.Find(reader).Id
            });
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (!name.SequenceEqual("function"u8) || !reader.EnterObject())
            {
                reader.Skip();
                continue;
            }

            while (reader.NextProperty(out ReadOnlySpan<byte> member))
            {
                if (member.SequenceEqual("name"u8))
                {
                    reader.ReportOutput(OutputKind.ToolName, 0, output);
                }
                else if (member.SequenceEqual("arguments"u8))
                {
                    reader.ReportOutput(OutputKind.ToolArguments, 0, output);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
    }

    private static void Observe(ref Utf8JsonReader reader, OutputKind kind, long key, IOutputObserver output)
    {
        if (reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty)
        {
            output.OnBlock(new OutputBlock(0, key, BlockStage.Delta));
        }

        reader.ReportOutput(kind, 0, output);
    }
}
