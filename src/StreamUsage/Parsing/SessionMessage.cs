using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing;

/// <summary>Represents a socket message's facts about its response: OpenAI's Realtime and Responses (<c>type</c>), and
/// Gemini Live (<c>serverContent</c>, <c>usageMetadata</c>). Its spans lie in the message.</summary>
internal readonly ref struct SessionMessage
{
    private readonly ReadOnlySpan<byte> _type, _response, _session, _serverContent;
    private readonly bool _hasEventId, _hasUsage, _hasToolCall, _hasError;

    private SessionMessage(ReadOnlySpan<byte> message)
    {
        var members = new JsonMembers(message);
        while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (Utf8Json.IsString(value))
            {
                ReadOnlySpan<byte> text = value[1..^1];
                if (name.SequenceEqual("type"u8))
                {
                    _type = text;
                }
                else if (name.SequenceEqual("response_id"u8))
                {
                    ResponseId = text;
                }
                else if (name.SequenceEqual("item_id"u8))
                {
                    ItemId = text;
                }
                else if (name.SequenceEqual("stream_id"u8))
                {
                    Lane = text;
                }

                _hasEventId |= name.SequenceEqual("event_id"u8);
            }
            else if (Utf8Json.IsObjectValue(value))
            {
                if (name.SequenceEqual("response"u8))
                {
                    _response = value;
                }
                else if (name.SequenceEqual("session"u8))
                {
                    _session = value;
                }
                else if (name.SequenceEqual("serverContent"u8))
                {
                    _serverContent = value;
                }

                _hasUsage |= name.SequenceEqual("usageMetadata"u8);
                _hasToolCall |= name.SequenceEqual("toolCall"u8);
                _hasError |= name.SequenceEqual("error"u8);
            }
        }

        if (ResponseId.IsEmpty && !_response.IsEmpty)
        {
            ResponseId = FindString(_response, "id"u8);
        }
    }

    /// <summary>Gets the id of the response; empty if none.</summary>
    public ReadOnlySpan<byte> ResponseId { get; }

    /// <summary>Gets the id of the item; empty if none.</summary>
    public ReadOnlySpan<byte> ItemId { get; }

    /// <summary>Gets the lane of a socket with several concurrent answers; empty if it has one.</summary>
    public ReadOnlySpan<byte> Lane { get; }

    /// <summary>Gets whether the message is OpenAI's.</summary>
    public bool IsTyped => !_type.IsEmpty;

    /// <summary>Gets whether the message is of Realtime, whose events have ids. Responses events have sequence
    /// numbers.</summary>
    public bool IsRealtime => _hasEventId;

    /// <summary>Gets whether the message belongs to a response, or ends one with an error.</summary>
    public bool IsOfResponse => _type.StartsWith("response."u8) || (_type.SequenceEqual("error"u8) && _hasError && !_hasEventId);

    /// <summary>Gets whether the message transcribes the user's speech, which is billed separately.</summary>
    public bool IsOfTranscription => _type.StartsWith("conversation.item.input_audio_transcription."u8);

    public bool IsEnd => IsOfTranscription
        ? _type.EndsWith(".completed"u8) || _type.EndsWith(".failed"u8)
        : _type.SequenceEqual("response.done"u8) || _type.SequenceEqual("response.completed"u8)
            || _type.SequenceEqual("response.incomplete"u8) || _type.SequenceEqual("response.failed"u8)
            || _type.SequenceEqual("error"u8);

    public bool HasTurnContent => _hasToolCall || Has(_serverContent, "modelTurn"u8) || Has(_serverContent, "outputTranscription"u8);

    /// <summary>Gets whether the message belongs to a Gemini turn: its content, usage or end.</summary>
    public bool IsOfTurn => _hasToolCall || _hasUsage || !_serverContent.IsEmpty;

    public bool HasTurnUsage => _hasUsage;

    public bool IsTurnComplete => IsTrue(_serverContent, "turnComplete"u8);

    public bool IsTurnInterrupted => IsTrue(_serverContent, "interrupted"u8);

    /// <summary>Reads the message's members. Returns false if it is not an object.</summary>
    public static bool TryRead(ReadOnlySpan<byte> utf8, out SessionMessage message)
    {
        message = default;
        try
        {
            if (Utf8Json.IsObject(utf8))
            {
                message = new SessionMessage(utf8);
                return true;
            }
        }
        catch (JsonException)
        {
            // The message is malformed.
        }

        return false;
    }

    /// <summary>Reads the models that the message names: the answering and the transcribing one.</summary>
    public void ReadModels(ref string? model, ref string? transcriptionModel)
    {
        if (!_type.StartsWith("session."u8) || _session.IsEmpty)
        {
            return;
        }

        model = FindName(_session, "model"u8) ?? model;
        ReadOnlySpan<byte> transcription = Find(_session, "input_audio_transcription"u8);
        if (transcription.IsEmpty)
        {
            transcription = Find(Find(Find(_session, "audio"u8), "input"u8), "transcription"u8);
        }

        transcriptionModel = FindName(transcription, "model"u8) ?? transcriptionModel;
        if (transcriptionModel is null && FindString(_session, "type"u8).SequenceEqual("transcription"u8))
        {
            transcriptionModel = model;
        }
    }

    // Returns the value of an object member; empty if there is none.
    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> json, ReadOnlySpan<byte> wanted)
    {
        if (!json.IsEmpty)
        {
            var members = new JsonMembers(json);
            while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
            {
                if (name.SequenceEqual(wanted) && Utf8Json.IsObjectValue(value))
                {
                    return value;
                }
            }
        }

        return default;
    }

    private static ReadOnlySpan<byte> FindString(ReadOnlySpan<byte> json, ReadOnlySpan<byte> wanted)
    {
        if (!json.IsEmpty)
        {
            var members = new JsonMembers(json);
            while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
            {
                if (name.SequenceEqual(wanted) && Utf8Json.IsString(value))
                {
                    return value[1..^1];
                }
            }
        }

        return default;
    }

    private static string? FindName(ReadOnlySpan<byte> json, ReadOnlySpan<byte> wanted)
    {
        ReadOnlySpan<byte> found = FindString(json, wanted);
        return found.IsEmpty ? null : JsonStringText.ToString(found, 256);
    }

    private static bool Has(ReadOnlySpan<byte> json, ReadOnlySpan<byte> wanted) => !Find(json, wanted).IsEmpty;

    private static bool IsTrue(ReadOnlySpan<byte> json, ReadOnlySpan<byte> wanted)
    {
        if (!json.IsEmpty)
        {
            var members = new JsonMembers(json);
            while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
            {
                if (name.SequenceEqual(wanted))
                {
                    return value.SequenceEqual("true"u8);
                }
            }
        }

        return false;
    }
}
