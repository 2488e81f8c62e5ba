using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing;

/// <summary>Represents the identifying members of a content block. They are read before the block is parsed, and only
/// if messages are captured (<see cref="IOutputObserver.KeepsMessage"/>). Malformed JSON is ignored here: the parser
/// reads the same bytes next, and throws.</summary>
internal ref struct BlockHeader
{
    /// <summary>The block's type; empty if none.</summary>
    public ReadOnlySpan<byte> Type;

    /// <summary>The block's id, or the id of the call that it answers; empty if none.</summary>
    public ReadOnlySpan<byte> Id;

    /// <summary>The block's index; negative if none.</summary>
    public int Index;

    /// <summary>Whether the block has a member <c>custom</c>: it is a custom tool call of Chat Completions.</summary>
    public bool IsCustom;

    /// <summary>Whether the block has a name, as a tool call does.</summary>
    public bool HasName;

    /// <summary>Returns the header of the object that the reader is at.</summary>
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
            // The parser reads the same bytes next, and throws.
        }

        return header;
    }

    /// <summary>Returns the <c>index</c> of the object that the reader is at; 0 if there is none.</summary>
    public static int FindIndex(Utf8JsonReader reader)
    {
        try
        {
            return Utf8Json.FindIndex(reader);
        }
        catch (JsonException)
        {
            return 0; // The parser reads the same bytes next, and throws.
        }
    }
}
