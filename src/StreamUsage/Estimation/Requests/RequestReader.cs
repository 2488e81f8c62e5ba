using System.Text.Json;
using StreamUsage.Estimation.Counting;
using StreamUsage.Estimation.Families;
using StreamUsage.Estimation.Media;
using StreamUsage.Estimation.Tools;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Estimation.Requests;

/// <summary>Reads the UTF-8 JSON of a request in one pass. Protocols use different member names, so one reader serves
/// all: Messages, Chat, Responses, Gemini, Interactions, Converse, invoked models, Cohere, Mistral, completions,
/// embeddings, speech, images. Members that cost no tokens are skipped.</summary>
internal sealed class RequestReader
{
    private readonly ModelFamily _family;
    private readonly TextMeter _meter;
    private readonly RequestFacts _facts = new();
    private readonly ToolReader _tools;
    private bool _mayEnterEnvelope;

    private RequestReader(ModelFamily family, TextMeter meter, bool mayEnterEnvelope)
    {
        _family = family;
        _meter = meter;
        _tools = new ToolReader(_facts, family, meter);
        _mayEnterEnvelope = mayEnterEnvelope;
    }

    /// <summary>Reads a request. From a fault in the JSON on, the rest counts as text.</summary>
    public static RequestFacts Read(ReadOnlySpan<byte> json, RequestHead head, ModelFamily family)
    {
        using var meter = new TextMeter(Tokenizers.Get(family.Encoding), json.Length);
        return new RequestReader(family, meter, head.IsEnvelope).Read(json);
    }

    /// <summary>Reads a form: its prompt, and uploaded recordings and images. Other fields cost nothing.</summary>
    public static RequestFacts Read(MultipartBody form, ModelFamily family)
    {
        using var meter = new TextMeter(Tokenizers.Get(family.Encoding), form.Length);
        var reader = new RequestReader(family, meter, mayEnterEnvelope: false);
        var media = new MediaReader(reader._facts, family, meter, new ContentReader(reader._facts, family, meter));
        while (form.Next())
        {
            if (form.IsFile)
            {
                media.AddFile(form.Value, form.ContentType, form.Name.StartsWith("image"u8) ? MediaKind.Image : MediaKind.Audio);
            }
            else if (form.Name.SequenceEqual("prompt"u8))
            {
                meter.Add(form.Value);
                meter.End();
            }
        }

        return reader.Finish();
    }

    private RequestFacts Read(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = Utf8Json.Read(json);
        try
        {
            reader.Read();
            ReadMembers(ref reader);
        }
        catch (JsonException fault)
        {
            _facts.Fault = fault;
            _meter.End();
            _meter.Add(json[(int)reader.BytesConsumed..]);
        }

        return Finish();
    }

    private RequestFacts Finish()
    {
        _meter.End();
        _facts.Text = _meter.Tokens;
        _facts.Digits = _meter.Digits;
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
                _mayEnterEnvelope = false; // Envelopes are not nested.
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
        if (IsMessages(name))
        {
            ReadMessages(ref reader);
        }
        else if (name.SequenceEqual("documents"u8) || name.SequenceEqual("tool_results"u8))
        {
            ReadDocuments(ref reader);
        }
        else if (name.SequenceEqual("preamble"u8) || name.SequenceEqual("system"u8) || name.SequenceEqual("instructions"u8)
            || name.SequenceEqual("systemInstruction"u8) || name.SequenceEqual("system_instruction"u8))
        {
            ReadSystem(ref reader);
        }
        else if (_tools.TryRead(ref reader, name))
        {
            return;
        }
        else if (name.SequenceEqual("additionalModelRequestFields"u8))
        {
            ReadMembers(ref reader); // The members of the model's native request.
        }
        else if (name.SequenceEqual("thinking"u8))
        {
            ReadThinking(ref reader);
        }
        else if (name.SequenceEqual("response_format"u8) || name.SequenceEqual("text"u8) || name.SequenceEqual("output_config"u8)
            || name.SequenceEqual("output_format"u8)
            || name.SequenceEqual("generationConfig"u8) || name.SequenceEqual("generation_config"u8))
        {
            ReadFormat(ref reader);
        }
        else
        {
            reader.Skip();
        }
    }

    // Chat, Gemini, Responses, Interactions, completions; Conversations; Titan; Cohere's Chat version 1, Embed and
    // Rerank.
    private static bool IsMessages(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("messages"u8) || name.SequenceEqual("contents"u8) || name.SequenceEqual("input"u8)
            || name.SequenceEqual("prompt"u8) || name.SequenceEqual("inputs"u8)
        || name.SequenceEqual("inputText"u8) || name.SequenceEqual("message"u8) || name.SequenceEqual("chat_history"u8)
            || name.SequenceEqual("texts"u8) || name.SequenceEqual("query"u8);

    // Documents outside the messages: texts, or objects that become text.
    private void ReadDocuments(ref Utf8JsonReader reader)
    {
        if (!reader.EnterArray())
        {
            return;
        }

        while (reader.NextElement())
        {
            CompactJson.Write(ref reader, _meter);
            _meter.End();
        }
    }

    private void ReadSystem(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is JsonTokenType.Null || (reader.TokenType is JsonTokenType.String && reader.ValueSpan.IsEmpty))
        {
            return;
        }

        _facts.HasSystem = true;
        _facts.Messages += _family.Tools == ToolNotation.Tags ? 0 : 1;
        new ContentReader(_facts, _family, _meter).Read(ref reader);
    }

    private void ReadMessages(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            _facts.Messages++;
            new ContentReader(_facts, _family, _meter).Read(ref reader);
            return;
        }

        var content = new ContentReader(_facts, _family, _meter);
        while (reader.NextElement())
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                ReadMessage(ref reader, content);
            }
            else if (reader.TokenType == JsonTokenType.Number)
            {
                _facts.Media++; // The prompt is an array of tokens.
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

        // A tool exchange includes its messages. A result alone is the other half of one.
        bool isMessage = _family.Tools == ToolNotation.Tags ? hasRole : hasRole && !isTool && _facts.ToolExchanges == exchanges;
        _facts.Messages += isMessage ? 1 : 0;
    }

    private void ReadThinking(ref Utf8JsonReader reader)
    {
        if (!reader.EnterObject())
        {
            return;
        }

        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            _facts.IsThinking |= name.SequenceEqual("type"u8) && reader.TokenType == JsonTokenType.String
                && reader.ValueTextEquals("enabled"u8);
            reader.Skip();
        }
    }

    // response_format {json_schema: {schema}}, text or output_config {format: {schema}}, output_format {schema},
    // generationConfig {responseSchema}.
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
            else if (name.SequenceEqual("schema"u8) || name.SequenceEqual("responseSchema"u8) || name.SequenceEqual("response_schema"u8)
                || name.SequenceEqual("responseJsonSchema"u8))
            {
                _facts.HasSchema = true;
                CompactJson.Write(ref reader, _meter, leaveOut: "additionalProperties"u8);
                _meter.End();
            }
            else
            {
                reader.Skip();
            }
        }
    }
}
