using System.Text.Json;

namespace StreamUsage.Parsing;

/// <summary>The content of a Gemini candidate: text, thoughts, calls of functions and of the provider's own tools, code that is to be run. What a tool answered is not the model's output.</summary>
internal static class GeminiContent
{
    /// <summary>Tells the observer of what the object that the reader stands on holds.</summary>
    public static void Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, int choice, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (!name.SequenceEqual("parts"u8))
            {
                reader.Skip();
            }
            else if (reader.EnterArray())
            {
                while (reader.NextElement())
                {
                    ReadPart(ref reader, data, choice, output);
                }
            }
        }
    }

    private static void ReadPart(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, int choice, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        ReadOnlySpan<byte> text = default;
        bool isEscaped = false, isThought = false;
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
                ReadCall(ref reader, data, choice, output);
            }
            else
            {
                reader.Skip();
            }
        }

        if (!text.IsEmpty)
        {
            output.Output(isThought ? OutputKind.Reasoning : OutputKind.Text, choice, text, isEscaped);
        }
    }

    // functionCall {name, args, partialArgs}, toolCall {toolType, args}, executableCode {code}.
    private static void ReadCall(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, int choice, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("name"u8) || name.SequenceEqual("toolType"u8))
            {
                reader.Observe(OutputKind.ToolName, choice, output);
            }
            else if (name.SequenceEqual("code"u8))
            {
                reader.Observe(OutputKind.ToolArguments, choice, output);
            }
            else if (name.SequenceEqual("args"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadOnlySpan<byte> arguments = reader.GetRaw(data);
                if (!arguments.SequenceEqual("{}"u8))
                {
                    output.Output(OutputKind.ToolArguments, choice, arguments, isEscaped: false);
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

    // Streamed arguments: [{jsonPath, stringValue | numberValue | boolValue, willContinue}].
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
                    reader.Observe(OutputKind.ToolArguments, choice, output);
                }
                else if (name.SequenceEqual("numberValue"u8) && reader.TokenType == JsonTokenType.Number)
                {
                    output.Output(OutputKind.ToolArguments, choice, reader.ValueSpan, isEscaped: false);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
    }
}
