using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.Gemini;

/// <summary>Reads the content of a Gemini candidate: text, thoughts, function and server tool calls, and code to run.
/// Tool results are not output.</summary>
internal static class GeminiContent
{
    /// <summary>Reports the object that the reader is at. Returns whether it holds output of the model.</summary>
    public static bool Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, int choice, IOutputObserver output)
    {
        bool hasOutput = false;
        if (!reader.EnterObject())
        {
            return hasOutput;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("role"u8) && reader.TokenType == JsonTokenType.String)
            {
                output.OnMessage(reader.ValueSpan, isNew: false);
            }
            else if (!name.SequenceEqual("parts"u8))
            {
                reader.Skip();
            }
            else if (reader.EnterArray())
            {
                while (reader.NextElement())
                {
                    hasOutput |= ReadPart(ref reader, data, choice, output);
                }
            }
        }

        return hasOutput;
    }

    private static bool ReadPart(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, int choice, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return false;
        }

        ReadOnlySpan<byte> text = default, signature = default;
        bool isEscaped = false, isThought = false, hasCall = false;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("text"u8) && reader.TokenType == JsonTokenType.String)
            {
                text = reader.ValueSpan;
                isEscaped = reader.ValueIsEscaped;
            }
            else if (name.SequenceEqual("thought"u8))
            {
                isThought = reader.TokenType == JsonTokenType.True;
                reader.Skip();
            }
            else if (name.SequenceEqual("functionCall"u8) || name.SequenceEqual("toolCall"u8) || name.SequenceEqual("executableCode"u8))
            {
                hasCall = true;
                ReadCall(ref reader, data, name, choice, output);
            }
            else if (name.SequenceEqual("thoughtSignature"u8) && reader.TokenType == JsonTokenType.String)
            {
                signature = reader.ValueSpan;
            }
            else
            {
                if (name.EndsWith("Result"u8) || name.EndsWith("Response"u8) || name.EndsWith("Data"u8))
                {
                    // A tool's result or media: text after it begins another block.
                    output.OnBlock(new OutputBlock(choice, 0, BlockStage.Begin) { Type = name, IsClosed = true });
                }

                reader.Skip();
            }
        }

        if (!text.IsEmpty)
        {
            output.OnOutput(isThought ? OutputKind.Reasoning : OutputKind.Text, choice, text, isEscaped);
        }

        // The signature is base64. It may come in its own part, after its text.
        output.OnField(BlockField.Signature, choice, signature, isEscaped: false);
        return hasCall || !text.IsEmpty;
    }

    /// <summary>Reports the call that the reader is at: <c>functionCall {name, args, partialArgs}</c>, <c>toolCall
    /// {toolType, args}</c> or <c>executableCode {code}</c>.</summary>
    public static void ReadCall(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, scoped ReadOnlySpan<byte> kind, int choice, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        if (output.KeepsMessage)
        {
            ReportCall(BlockHeader.Find(reader), kind, choice, output);
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("name"u8) || name.SequenceEqual("toolType"u8))
            {
                reader.ReportOutput(OutputKind.ToolName, choice, output);
            }
            else if (name.SequenceEqual("code"u8))
            {
                reader.ReportOutput(OutputKind.ToolArguments, choice, output);
            }
            else if (name.SequenceEqual("args"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadOnlySpan<byte> arguments = reader.GetRaw(data);
                if (!arguments.SequenceEqual("{}"u8))
                {
                    output.OnOutput(OutputKind.ToolArguments, choice, arguments, isEscaped: false);
                }
            }
            else if (name.SequenceEqual("partialArgs"u8))
            {
                ReadPartialArguments(ref reader, choice, output);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    // A call is whole, except for streamed arguments. Those come later, by path and without a name, and are not joined:
    // they are reported as Done, so that they are counted but not captured.
    private static void ReportCall(BlockHeader call, scoped ReadOnlySpan<byte> kind, int choice, IOutputObserver output)
    {
        bool isFunction = kind.SequenceEqual("functionCall"u8);
        output.OnBlock(new OutputBlock(choice, 0, isFunction && !call.HasName ? BlockStage.Done : BlockStage.Begin)
        {
            Type = isFunction ? "tool_use"u8 : kind,
            Id = call.Id,
            HasTextInput = kind.SequenceEqual("executableCode"u8),
        });
    }

    // Streamed arguments: [{jsonPath, stringValue | numberValue | boolValue, willContinue}]. Boolean values are left
    // out.
    private static void ReadPartialArguments(ref Utf8JsonReader reader, int choice, IOutputObserver output)
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
                if (name.SequenceEqual("stringValue"u8))
                {
                    reader.ReportOutput(OutputKind.ToolArguments, choice, output);
                }
                else if (name.SequenceEqual("numberValue"u8) && reader.TokenType == JsonTokenType.Number)
                {
                    output.OnOutput(OutputKind.ToolArguments, choice, reader.ValueSpan, isEscaped: false);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
    }
}
