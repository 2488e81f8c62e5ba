using System.Text.Json;
using StreamUsage.Parsing;

namespace StreamUsage.Estimation;

/// <summary>
/// Reads a request in one pass over its UTF-8 JSON: Claude Messages, Chat Completions, Responses, Gemini, and completions and embeddings by their prompt. Their members have different names, so that one reader
/// serves all. What costs no tokens (ids, sampling, signatures) is passed over.
/// </summary>
internal sealed class RequestReader(ModelFamily family, TextMeter meter)
{
    private readonly RequestFacts _facts = new();
    private bool _mayEnterEnvelope;

    /// <summary>Reads a request. JSON that breaks off, or is none, counts as text from there on.</summary>
    public static RequestFacts Read(ReadOnlySpan<byte> json, RequestHead head, ModelFamily family)
    {
        using var meter = new TextMeter(Tokenizers.Get(family.Encoding), json.Length);
        return new RequestReader(family, meter) { _mayEnterEnvelope = head.IsEnvelope }.Read(json);
    }

    private RequestFacts Read(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = Json.Read(json);
        try
        {
            reader.Read();
            ReadMembers(ref reader);
        }
        catch (JsonException fault)
        {
            _facts.Fault = fault;
            meter.End();
            meter.Add(json[(int)reader.BytesConsumed..]);
        }

        meter.End();
        _facts.Text = meter.Tokens;
        _facts.Digits = meter.Digits;
        return _facts;
    }

    private void ReadMembers(ref Utf8JsonReader reader)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (_mayEnterEnvelope && name.SequenceEqual("request"u8))
            {
                _mayEnterEnvelope = false; // There is none in an envelope.
                ReadMembers(ref reader);
            }
            else
            {
                ReadMember(ref reader, name);
            }
        }
    }

    private void ReadMember(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("messages"u8) || name.SequenceEqual("contents"u8) || name.SequenceEqual("input"u8) || name.SequenceEqual("prompt"u8))
        {
            ReadMessages(ref reader);
        }
        else if (name.SequenceEqual("system"u8) || name.SequenceEqual("instructions"u8) || name.SequenceEqual("systemInstruction"u8) || name.SequenceEqual("system_instruction"u8))
        {
            ReadSystem(ref reader);
        }
        else if (name.SequenceEqual("tools"u8) || name.SequenceEqual("functions"u8))
        {
            ReadTools(ref reader);
        }
        else if (name.SequenceEqual("tool_choice"u8) || name.SequenceEqual("thinking"u8))
        {
            ReadChoice(ref reader, isThinking: name.SequenceEqual("thinking"u8));
        }
        else if (name.SequenceEqual("response_format"u8) || name.SequenceEqual("text"u8) || name.SequenceEqual("output_config"u8) || name.SequenceEqual("output_format"u8)
            || name.SequenceEqual("generationConfig"u8) || name.SequenceEqual("generation_config"u8))
        {
            ReadFormat(ref reader);
        }
        else
        {
            reader.Skip();
        }
    }

    private void ReadSystem(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is JsonTokenType.Null || (reader.TokenType is JsonTokenType.String && reader.ValueSpan.IsEmpty))
        {
            return;
        }

        _facts.HasSystem = true;
        _facts.Messages += family.Tools == ToolNotation.Tags ? 0 : 1;
        new ContentReader(_facts, family, meter).Read(ref reader);
    }

    private void ReadMessages(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            _facts.Messages++;
            new ContentReader(_facts, family, meter).Read(ref reader);
            return;
        }

        var content = new ContentReader(_facts, family, meter);
        while (reader.NextElement())
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                ReadMessage(ref reader, content);
            }
            else if (reader.TokenType == JsonTokenType.Number)
            {
                _facts.Media++; // A token of a prompt that was sent as tokens.
            }
            else
            {
                _facts.Messages++;
                content.Read(ref reader);
            }
        }
    }

    private void ReadMessage(ref Utf8JsonReader reader, ContentReader content)
    {
        int exchanges = _facts.ToolExchanges;
        bool isTool = false, hasRole = false;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("role"u8) && reader.TokenType == JsonTokenType.String)
            {
                hasRole = true;
                isTool |= reader.ValueTextEquals("tool"u8) || reader.ValueTextEquals("function"u8);
                _facts.HasSystem |= reader.ValueTextEquals("system"u8) || reader.ValueTextEquals("developer"u8);
            }
            else
            {
                content.ReadMember(ref reader, name);
            }
        }

        // An exchange counts as a whole, its messages with it; a result alone is the other half of one.
        bool isMessage = family.Tools == ToolNotation.Tags ? hasRole : hasRole && !isTool && _facts.ToolExchanges == exchanges;
        _facts.Messages += isMessage ? 1 : 0;
    }

    private void ReadTools(ref Utf8JsonReader reader)
    {
        if (!reader.EnterArray())
        {
            return;
        }

        bool isTypeScript = family.Tools == ToolNotation.TypeScript;
        if (isTypeScript)
        {
            TypeScriptTools.Begin(meter);
        }

        while (reader.NextElement())
        {
            ReadTool(ref reader, isTypeScript);
        }

        if (isTypeScript)
        {
            TypeScriptTools.End(meter);
        }
    }

    private void ReadTool(ref Utf8JsonReader reader, bool isTypeScript)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        Utf8JsonReader whole = reader;
        if (TryReadDeclarations(ref reader))
        {
            return;
        }

        reader = whole;
        _facts.Tools++;
        if (isTypeScript)
        {
            ToolDefinition tool = ToolDefinition.Read(ref reader);
            TypeScriptTools.Write(tool, meter);
        }
        else
        {
            CompactJson.Write(ref reader, meter, leaveOut: "cache_control"u8);
            meter.End();
        }
    }

    // Gemini's: {functionDeclarations: [{name, description, parameters}]}.
    private bool TryReadDeclarations(ref Utf8JsonReader reader)
    {
        bool isFound = false;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if ((name.SequenceEqual("functionDeclarations"u8) || name.SequenceEqual("function_declarations"u8)) && reader.TokenType == JsonTokenType.StartArray)
            {
                isFound = true;
                while (reader.NextElement())
                {
                    _facts.Tools++;
                    CompactJson.Write(ref reader, meter);
                    meter.End();
                }
            }
            else
            {
                reader.Skip();
            }
        }

        return isFound;
    }

    // tool_choice {type: any or tool} or "required", thinking {type: enabled}.
    private void ReadChoice(ref Utf8JsonReader reader, bool isThinking)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            _facts.IsToolForced |= reader.ValueTextEquals("required"u8);
            return;
        }

        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("type"u8) && reader.TokenType == JsonTokenType.String)
            {
                _facts.IsThinking |= isThinking && reader.ValueTextEquals("enabled"u8);
                _facts.IsToolForced |= !isThinking && !reader.ValueTextEquals("auto"u8) && !reader.ValueTextEquals("none"u8);
            }

            reader.Skip();
        }
    }

    // response_format {json_schema: {schema}}, text or output_config {format: {schema}}, output_format {schema}, generationConfig {responseSchema}.
    private void ReadFormat(ref Utf8JsonReader reader)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("json_schema"u8) || name.SequenceEqual("format"u8))
            {
                ReadFormat(ref reader);
            }
            else if (name.SequenceEqual("schema"u8) || name.SequenceEqual("responseSchema"u8) || name.SequenceEqual("response_schema"u8) || name.SequenceEqual("responseJsonSchema"u8))
            {
                _facts.HasSchema = true;
                CompactJson.Write(ref reader, meter, leaveOut: "additionalProperties"u8);
                meter.End();
            }
            else
            {
                reader.Skip();
            }
        }
    }
}
