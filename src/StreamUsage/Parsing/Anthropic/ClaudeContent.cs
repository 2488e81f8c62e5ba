using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.Anthropic;

/// <summary>Reads the content blocks of Anthropic's messages and reports their output.</summary>
internal static class ClaudeContent
{
    /// <summary>Reads the blocks of a whole message.</summary>
    public static void Read(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, IOutputObserver output)
    {
        if (reader.EnterArray())
        {
            for (int index = 0; reader.NextElement(); index++)
            {
                ReadBlock(ref reader, data, index, output);
            }
        }
    }

    /// <summary>Reports a citation. The estimate adds a fixed number of tokens for one, whatever its text.</summary>
    public static void ReportCitation(IOutputObserver output) =>
        output.OnOutput(OutputKind.Citation, 0, " "u8, isEscaped: false);

    /// <summary>Reads the block that the reader is at. A block of a whole message has all its text. A block that begins
    /// in a stream has none, and an empty input.</summary>
    public static void ReadBlock(ref Utf8JsonReader reader, ReadOnlySpan<byte> data, int index, IOutputObserver output)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        if (output.KeepsMessage)
        {
            BlockHeader block = BlockHeader.Find(reader);
            output.OnBlock(new OutputBlock(0, index, BlockStage.Begin) { Type = block.Type, Id = block.Id });
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("text"u8))
            {
                reader.ReportOutput(OutputKind.Text, 0, output);
            }
            else if (name.SequenceEqual("thinking"u8))
            {
                reader.ReportOutput(OutputKind.Reasoning, 0, output);
            }
            else if (name.SequenceEqual("name"u8))
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
            else if (name.SequenceEqual("citations"u8))
            {
                ReadCitations(ref reader, output);
            }
            else if (name.SequenceEqual("signature"u8) || name.SequenceEqual("data"u8))
            {
                // The data of redacted_thinking is opaque as well.
                reader.ReportField(BlockField.Signature, 0, output);
            }
            else if (name.SequenceEqual("content"u8))
            {
                // A compaction's text. A tool result's content is an array, and not the model's output.
                reader.ReportField(BlockField.Text, 0, output);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void ReadCitations(ref Utf8JsonReader reader, IOutputObserver output)
    {
        if (!reader.EnterArray())
        {
            return;
        }

        while (reader.NextElement())
        {
            ReportCitation(output);
            reader.Skip();
        }
    }
}
