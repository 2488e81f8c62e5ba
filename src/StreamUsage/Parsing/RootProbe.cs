using System.Text.Json;

namespace StreamUsage.Parsing;

/// <summary>The properties of an event's root by which wires are told apart.</summary>
internal ref struct RootProbe
{
    public ReadOnlySpan<byte> Type;
    public ReadOnlySpan<byte> Object;
    public bool HasChoices;
    public bool HasResponse;
    public bool HasOutput;
    public bool HasError;
    public bool HasCode;
    public UsageShape Usage;

    public static bool TryRead(ReadOnlySpan<byte> data, out RootProbe probe)
    {
        probe = default;
        if (!Json.IsObject(data))
        {
            return false;
        }

        Utf8JsonReader reader = Json.Read(data);
        reader.Read();
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("type"u8) && reader.TokenType == JsonTokenType.String)
            {
                probe.Type = reader.ValueSpan;
                if (probe.Type.StartsWith("response."u8) || probe.Type.StartsWith("message_"u8) || probe.Type.StartsWith("content_block_"u8))
                {
                    return true; // Says all; what follows may be large.
                }
            }
            else if (name.SequenceEqual("object"u8) && reader.TokenType == JsonTokenType.String)
            {
                probe.Object = reader.ValueSpan;
            }
            else if (name.SequenceEqual("usage"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                probe.Usage = ReadUsageShape(ref reader);
            }
            else
            {
                probe.HasChoices |= name.SequenceEqual("choices"u8);
                probe.HasResponse |= name.SequenceEqual("response"u8);
                probe.HasOutput |= name.SequenceEqual("output"u8);
                probe.HasError |= name.SequenceEqual("error"u8) && reader.TokenType is JsonTokenType.StartObject or JsonTokenType.String;
                probe.HasCode |= name.SequenceEqual("code"u8) || name.SequenceEqual("sequence_number"u8);
                reader.Skip();
            }
        }

        return true;
    }

    private static UsageShape ReadUsageShape(ref Utf8JsonReader reader)
    {
        UsageShape shape = UsageShape.None;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("prompt_tokens"u8) || name.SequenceEqual("completion_tokens"u8))
            {
                shape = UsageShape.Chat;
            }
            else if (name.SequenceEqual("input_tokens_details"u8) || (name.SequenceEqual("total_tokens"u8) && shape != UsageShape.Chat))
            {
                shape = UsageShape.Responses;
            }
            else if (name.StartsWith("cache_"u8))
            {
                shape = UsageShape.Claude;
            }
            else if (shape == UsageShape.None && (name.SequenceEqual("input_tokens"u8) || name.SequenceEqual("output_tokens"u8)))
            {
                shape = UsageShape.ClaudeOrResponses;
            }

            reader.Skip();
        }

        return shape;
    }
}

/// <summary>Whose names a usage object uses.</summary>
internal enum UsageShape
{
    None,
    Claude,
    Chat,
    Responses,
    ClaudeOrResponses,
}
