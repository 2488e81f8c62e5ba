using System.Text.Json;
using StreamUsage.Parsing.Bedrock;
using StreamUsage.Parsing.Gemini;

namespace StreamUsage.Parsing.Json;

/// <summary>Represents the root properties that identify protocols, read once for all of them.</summary>
internal ref struct RootProbe
{
    public ReadOnlySpan<byte> EventType; // From the framing: SSE's event, Amazon's :event-type. Empty if none.
    public ReadOnlySpan<byte> Type; // The root's type.
    public ReadOnlySpan<byte> Object;
    public ReadOnlySpan<byte> NamedType; // The root's event_type: Interactions, Cohere version 1.
    public bool IsObject;
    public bool HasChoices;
    public bool HasDataArray;
    public bool HasOutput;
    public bool HasError;
    public bool HasCode;
    public bool HasConverseEvent;
    public bool HasUsage;
    public bool IsWholeBody;
    public int PropertyCount;
    public RootMembers Members;
    public UsageShape Usage;
    public ParserMatch Gemini;

    /// <summary>Reads the root. Data that is no object has no properties.</summary>
    /// <exception cref="JsonException">The data is malformed.</exception>
    public static RootProbe Read(StreamEvent streamEvent)
    {
        var probe = new RootProbe
        {
            EventType = streamEvent.Type,
            IsWholeBody = streamEvent.IsWholeBody,
        };
        if (Utf8Json.IsObject(streamEvent.Data))
        {
            probe.IsObject = true;
            probe.ReadRoot(Utf8Json.Read(streamEvent.Data));
        }

        return probe;
    }

    /// <summary>Gets the type in the data, else the event's.</summary>
    public readonly ReadOnlySpan<byte> AnyType => Type.IsEmpty ? EventType : Type;

    /// <summary>Returns whether the root has any of these members.</summary>
    public readonly bool Has(RootMembers member) => (Members & member) != 0;

    private void ReadRoot(Utf8JsonReader reader)
    {
        reader.Read();
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            PropertyCount++;
            if (name.SequenceEqual("type"u8) && reader.TokenType == JsonTokenType.String)
            {
                Type = reader.ValueSpan;
                if (Type.StartsWith("response."u8) || Type.StartsWith("message_"u8) || Type.StartsWith("content_block_"u8))
                {
                    return; // Conclusive; the rest may be large.
                }
            }
            else if (name.SequenceEqual("object"u8) && reader.TokenType == JsonTokenType.String)
            {
                Object = reader.ValueSpan;
            }
            else if (name.SequenceEqual("event_type"u8) && reader.TokenType == JsonTokenType.String)
            {
                NamedType = reader.ValueSpan;
            }
            else if (name.SequenceEqual("usage"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                HasUsage = true;
                Usage = ReadUsageShape(ref reader);
            }
            else if (name.SequenceEqual("meta"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                Usage = ReadUsageShape(ref reader) == UsageShape.Cohere ? UsageShape.Cohere : Usage;
            }
            else if (name.SequenceEqual("error"u8))
            {
                HasError |= reader.TokenType is JsonTokenType.StartObject or JsonTokenType.String;
                Gemini = Best(Gemini, ReadError(ref reader));
            }
            else if (name.SequenceEqual("response"u8))
            {
                Gemini = Best(Gemini, ReadWrapped(ref reader));
            }
            else
            {
                Members |= RootMember.Of(name, reader);
                HasChoices |= name.SequenceEqual("choices"u8);
                HasDataArray |= name.SequenceEqual("data"u8) && reader.TokenType == JsonTokenType.StartArray;
                HasOutput |= name.SequenceEqual("output"u8);
                // Responses' error at the root has a code or a sequence number; Anthropic's has neither.
                HasCode |= name.SequenceEqual("code"u8) || name.SequenceEqual("sequence_number"u8);
                Gemini = Best(Gemini, GeminiParser.MatchName(name, reader.TokenType));
                HasConverseEvent |= ConverseParser.IsName(name, reader.TokenType);
                reader.Skip();
            }
        }
    }

    // Code Assist wraps the chunk in "response". Events of Responses do too, but without these names inside.
    private static ParserMatch ReadWrapped(ref Utf8JsonReader reader)
    {
        ParserMatch match = ParserMatch.None;
        if (reader.EnterObject())
        {
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                match = Best(match, GeminiParser.MatchName(name, reader.TokenType));
                reader.Skip();
            }
        }

        return match;
    }

    // Google's errors have an upper-case status beside a numeric code.
    private static ParserMatch ReadError(ref Utf8JsonReader reader)
    {
        bool hasCode = false, hasStatus = false;
        if (reader.EnterObject())
        {
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                hasCode |= name.SequenceEqual("code"u8) && reader.TokenType == JsonTokenType.Number;
                hasStatus |= name.SequenceEqual("status"u8) && reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty
                    && reader.ValueSpan.IndexOfAnyExceptInRange((byte)'A', (byte)'_') < 0;
                reader.Skip();
            }
        }

        return hasCode && hasStatus ? ParserMatch.Certain : ParserMatch.None;
    }

    // The last name decides, but for total_tokens, input_tokens and output_tokens, which several protocols use.
    private static UsageShape ReadUsageShape(ref Utf8JsonReader reader)
    {
        UsageShape shape = UsageShape.None;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("prompt_tokens"u8) || name.SequenceEqual("completion_tokens"u8))
            {
                shape = UsageShape.Chat;
            }
            else if (name.SequenceEqual("billed_units"u8) || name.SequenceEqual("tokens"u8))
            {
                shape = UsageShape.Cohere;
            }
            else if (name.SequenceEqual("total_input_tokens"u8) || name.SequenceEqual("totalInputTokens"u8))
            {
                shape = UsageShape.Interactions;
            }
            else if (name.SequenceEqual("input_tokens_details"u8)
                || (name.SequenceEqual("total_tokens"u8) && shape is not (UsageShape.Chat or UsageShape.Interactions)))
            {
                shape = UsageShape.Responses;
            }
            else if (name.StartsWith("cache_"u8))
            {
                shape = UsageShape.Claude;
            }
            else if (name.SequenceEqual("inputTokens"u8) || name.SequenceEqual("outputTokens"u8))
            {
                shape = UsageShape.Converse;
            }
            else if (shape == UsageShape.None && (name.SequenceEqual("input_tokens"u8) || name.SequenceEqual("output_tokens"u8)))
            {
                shape = UsageShape.ClaudeOrResponses;
            }

            reader.Skip();
        }

        return shape;
    }

    private static ParserMatch Best(ParserMatch first, ParserMatch second) => first > second ? first : second;
}

/// <summary>Specifies whose names a usage object uses.</summary>
internal enum UsageShape
{
    None,
    Claude,
    Chat,
    Responses,
    ClaudeOrResponses,
    Converse,
    Cohere,
    Interactions,
}
