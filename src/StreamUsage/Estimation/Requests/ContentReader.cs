using System.Text.Json;
using StreamUsage.Estimation.Counting;
using StreamUsage.Estimation.Families;
using StreamUsage.Estimation.Media;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Estimation.Requests;

/// <summary>Reads a message's content: text, tool calls and results, images, documents and recordings.</summary>
internal sealed class ContentReader
{
    private const int MaxDepth = 32;

    private readonly RequestFacts _facts;
    private readonly ModelFamily _family;
    private readonly TextMeter _meter;
    private readonly MediaReader _media;
    private int _depth;

    public ContentReader(RequestFacts facts, ModelFamily family, TextMeter meter)
    {
        _facts = facts;
        _family = family;
        _meter = meter;
        _media = new MediaReader(facts, family, meter, this);
    }

    /// <summary>Reads a string, an array of strings, parts or blocks, or a single part or block.</summary>
    public void Read(ref Utf8JsonReader reader)
    {
        if (_depth == MaxDepth)
        {
            reader.Skip();
            return;
        }

        _depth++;
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                _meter.Add(reader.ValueSpan, reader.ValueIsEscaped);
                _meter.End();
                break;
            case JsonTokenType.StartArray:
                while (reader.NextElement())
                {
                    Read(ref reader);
                }

                break;
            case JsonTokenType.StartObject:
                while (reader.NextProperty(out ReadOnlySpan<byte> name))
                {
                    ReadMember(ref reader, name);
                }

                break;
            default:
                break;
        }

        _depth--;
    }

    /// <summary>Reads a member of a message, part, block or item.</summary>
    public void ReadMember(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name)
    {
        switch (name)
        {
            case var _ when name.SequenceEqual("content"u8) || name.SequenceEqual("text"u8) || name.SequenceEqual("parts"u8)
                || name.SequenceEqual("thinking"u8) || name.SequenceEqual("refusal"u8)
                || name.SequenceEqual("summary"u8) || name.SequenceEqual("title"u8) || name.SequenceEqual("context"u8)
                    || name.SequenceEqual("transcript"u8) || name.SequenceEqual("reasoning_content"u8)
                || name.SequenceEqual("message"u8) || name.SequenceEqual("tool_plan"u8) || name.SequenceEqual("name"u8):
                Read(ref reader);
                break;
            case var _ when name.SequenceEqual("output"u8) && IsPart(reader):
                Read(ref reader);
                break;
            case var _ when name.SequenceEqual("output"u8) || name.SequenceEqual("response"u8) || name.SequenceEqual("json"u8)
                || name.SequenceEqual("result"u8):
                ReadValue(ref reader);
                break;
            case var _ when name.SequenceEqual("input"u8) || name.SequenceEqual("arguments"u8) || name.SequenceEqual("args"u8):
                _facts.ToolExchanges++;
                ReadArguments(ref reader);
                break;
            case var _ when name.SequenceEqual("tool_calls"u8) || name.SequenceEqual("function"u8) || name.SequenceEqual("function_call"u8)
                || name.SequenceEqual("custom"u8)
                || name.SequenceEqual("functionCall"u8) || name.SequenceEqual("functionResponse"u8) || IsBlock(name):
                Read(ref reader);
                break;
            case var _ when _media.TryRead(ref reader, name):
                break;
            default:
                reader.Skip();
                break;
        }
    }

    // Bedrock's Converse names a block by its member.
    private static bool IsBlock(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("toolUse"u8) || name.SequenceEqual("toolResult"u8) || name.SequenceEqual("reasoningContent"u8)
            || name.SequenceEqual("reasoningText"u8) || name.SequenceEqual("guardContent"u8)
        || name.SequenceEqual("citationsContent"u8) || name.SequenceEqual("searchResult"u8);

    // Whether an output is itself a part: {type: computer_screenshot, image_url}. Results of functions are strings or
    // other JSON.
    private static bool IsPart(Utf8JsonReader value)
    {
        if (value.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (value.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("image_url"u8) || name.SequenceEqual("file_id"u8) || name.SequenceEqual("file_data"u8)
                || name.SequenceEqual("file_url"u8))
            {
                return true;
            }

            value.Skip();
        }

        return false;
    }

    // Reads a result: a string, content blocks (which may hold images), or any JSON.
    private void ReadValue(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            Read(ref reader);
        }
        else
        {
            CompactJson.Write(ref reader, _meter);
            _meter.End();
        }
    }

    private void ReadArguments(ref Utf8JsonReader reader)
    {
        if (_family.Tools != ToolNotation.Tags || reader.TokenType != JsonTokenType.StartObject)
        {
            CompactJson.Write(ref reader, _meter);
            _meter.End();
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> argument))
        {
            _facts.ToolArguments++;
            _meter.Add(argument);
            _meter.End();
            CompactJson.Write(ref reader, _meter);
            _meter.End();
        }
    }
}
