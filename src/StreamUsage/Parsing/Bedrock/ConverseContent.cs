using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.Bedrock;

/// <summary>Reads the content blocks of a Converse answer: whole blocks, starts and deltas.</summary>
internal static class ConverseContent
{
    /// <summary>Reports the block that the reader is at: text, toolUse {name, input}, reasoningContent {text} or
    /// {reasoningText {text}}, citationsContent {content}.</summary>
    public static void ReadBlock(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, int index, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("text"u8))
            {
                output.OnBlock(new OutputBlock(0, index, BlockStage.Delta));
                reader.ReportOutput(OutputKind.Text, 0, output);
            }
            else if (name.SequenceEqual("toolUse"u8))
            {
                ReadToolUse(ref reader, data, index, output);
            }
            else if (name.SequenceEqual("reasoningContent"u8))
            {
                output.OnBlock(new OutputBlock(0, index, BlockStage.Delta));
                ReadText(ref reader, OutputKind.Reasoning, output);
            }
            else if (name.SequenceEqual("citationsContent"u8))
            {
                output.OnBlock(new OutputBlock(0, index, BlockStage.Delta) { Type = name });
                ReadText(ref reader, OutputKind.Text, output);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    /// <summary>Reports the blocks of a whole answer: <c>output {message {content}}</c>.</summary>
    public static void ReadOutput(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("message"u8) && reader.EnterObject())
            {
                ReadMessage(ref reader, data, output);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void ReadMessage(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, IOutputObserver output)
    {
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("role"u8) && reader.TokenType == JsonTokenType.String)
            {
                output.OnMessage(reader.ValueSpan, isNew: false);
            }
            else if (!name.SequenceEqual("content"u8))
            {
                reader.Skip();
            }
            else if (reader.EnterArray())
            {
                for (int index = 0; reader.NextElement(); index++)
                {
                    ReadBlock(ref reader, data, index, output);
                }
            }
        }
    }

    private static void ReadToolUse(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, int index, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        if (output.KeepsMessage)
        {
            BlockHeader call = BlockHeader.Find(reader); // Only a tool of the provider has a type.
            output.OnBlock(
                new OutputBlock(0, index, BlockStage.Delta) { Type = call.Type.IsEmpty ? "tool_use"u8 : call.Type, Id = call.Id });
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("name"u8))
            {
                reader.ReportOutput(OutputKind.ToolName, 0, output);
            }
            else if (name.SequenceEqual("input"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadOnlySpan<byte> input = reader.GetRaw(data);
                if (!input.SequenceEqual("{}"u8))
                {
                    output.OnOutput(OutputKind.ToolArguments, 0, input, isEscaped: false);
                }
            }
            else if (name.SequenceEqual("input"u8))
            {
                reader.ReportOutput(OutputKind.ToolArguments, 0, output);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    // The texts in an object, at any depth: {text}, {reasoningText: {text, signature}}, {signature}, {redactedContent},
    // {content: [{text}]}.
    private static void ReadText(ref Utf8JsonReader reader, OutputKind kind, IOutputObserver output)
    {
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
        {
            reader.Skip();
            return;
        }

        int depth = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isText = reader.ValueTextEquals("text"u8);
                bool isSource = reader.ValueTextEquals("citations"u8);
                bool isSignature = reader.ValueTextEquals("signature"u8) || reader.ValueTextEquals("redactedContent"u8);
                reader.Read();
                if (isText && reader.TokenType == JsonTokenType.String)
                {
                    reader.ReportOutput(kind, 0, output);
                }
                else if (isSignature)
                {
                    reader.ReportField(BlockField.Signature, 0, output);
                }
                else if (isSource)
                {
                    reader.Skip();
                }
            }
        }
    }
}
