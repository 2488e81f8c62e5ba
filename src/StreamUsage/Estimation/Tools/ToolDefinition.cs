using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Estimation.Tools;

/// <summary>Represents a tool definition of any protocol. Its members are readers at the data, or default.</summary>
internal ref struct ToolDefinition
{
    public Utf8JsonReader Name, Description, Schema;

    /// <summary>Reads the object at the reader's position, and moves to its end. The members of <c>function</c> and
    /// <c>custom</c> count as its own.</summary>
    public static ToolDefinition Read(ref Utf8JsonReader reader)
    {
        var tool = default(ToolDefinition);
        tool.ReadMembers(ref reader);
        return tool;
    }

    private void ReadMembers(ref Utf8JsonReader reader)
    {
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (reader.TokenType == JsonTokenType.StartObject && (name.SequenceEqual("function"u8) || name.SequenceEqual("custom"u8)))
            {
                ReadMembers(ref reader);
                continue;
            }

            if (name.SequenceEqual("name"u8))
            {
                Name = reader;
            }
            else if (name.SequenceEqual("description"u8))
            {
                Description = reader;
            }
            else if (name.SequenceEqual("parameters"u8) || name.SequenceEqual("input_schema"u8)
                || name.SequenceEqual("parametersJsonSchema"u8))
            {
                Schema = reader;
            }
            else if (name.SequenceEqual("inputSchema"u8))
            {
                Schema = SchemaIn(reader);
            }

            reader.Skip();
        }
    }

    // Converse: {json: schema}.
    private static Utf8JsonReader SchemaIn(Utf8JsonReader reader)
    {
        Utf8JsonReader whole = reader;
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("json"u8))
                {
                    return reader;
                }

                reader.Skip();
            }
        }

        return whole;
    }
}
