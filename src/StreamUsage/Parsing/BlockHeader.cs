using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing;

/// <summary>What tells a block, wherever it stands in the object that is one: looked for ahead of the reading, and only
/// where a message is kept. What is malformed there is left for the reading to find, so that nothing is counted
/// differently for it.</summary>
internal ref struct BlockHeader
{
    /// <summary>Its type; empty where there is none.</summary>
    public ReadOnlySpan<byte> Type;

    /// <summary>Its id, or that of the call that it is the result of; empty where there is none.</summary>
    public ReadOnlySpan<byte> Id;

    /// <summary>Its index; negative where there is none.</summary>
    public int Index;

    /// <summary>Whether it is a call of a custom tool of Chat Completions.</summary>
    public bool IsCustom;

    /// <summary>Whether it names a tool.</summary>
    public bool HasName;

    /// <summary>The header of the object that the reader is in.</summary>
    public static BlockHeader Find(Utf8JsonReader reader)
    {
        var header = new BlockHeader { Index = -1 };
        try
        {
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("type"u8) && reader.TokenType == JsonTokenType.String)
                {
                    header.Type = reader.ValueSpan;
                }
                else if ((name.SequenceEqual("id"u8) || name.SequenceEqual("tool_use_id"u8) || name.SequenceEqual("toolUseId"u8))
                    && reader.TokenType == JsonTokenType.String)
                {
                    header.Id = reader.ValueSpan;
                }
                else if (name.SequenceEqual("index"u8) && reader.TokenType == JsonTokenType.Number)
                {
                    header.Index = reader.GetIndex();
                }
                else
                {
                    header.IsCustom |= name.SequenceEqual("custom"u8);
                    header.HasName |= name.SequenceEqual("name"u8) && reader.TokenType == JsonTokenType.String;
                    reader.Skip();
                }
            }
        }
        catch (JsonException)
        {
        }

        return header;
    }

    /// <summary>As <see cref="Utf8Json.FindIndex"/>.</summary>
    public static int FindIndex(Utf8JsonReader reader)
    {
        try
        {
            return Utf8Json.FindIndex(reader);
        }
        catch (JsonException)
        {
            return 0;
        }
    }
}
