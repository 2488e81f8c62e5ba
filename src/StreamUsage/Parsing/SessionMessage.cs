using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing;

/// <summary>What a message of a socket says of the response that it belongs to: OpenAI's Realtime and its Responses
/// over a socket (<c>type</c>), and Gemini Live (<c>serverContent</c>, <c>usageMetadata</c> and the like). Spans over
/// the message, valid as long as it is.</summary>
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

    /// <summary>The response it names; empty where it names none.</summary>
    public ReadOnlySpan<byte> ResponseId { get; }

    /// <summary>The item it names; empty where it names none.</summary>
    public ReadOnlySpan<byte> ItemId { get; }

    /// <summary>The lane of a socket that carries several answers at once; empty where it has one.</summary>
    public ReadOnlySpan<byte> Lane { get; }

    /// <summary>Whether it is one of OpenAI's.</summary>
    public bool IsTyped => !_type.IsEmpty;

    /// <summary>Whether it is of Realtime, whose events each have an id; a Responses event has a sequence number
    /// instead.</summary>
    public bool IsRealtime => _hasEventId;

    /// <summary>Whether it is of a response, or ends one in its lane by an error.</summary>
    public bool IsOfResponse => _type.StartsWith("response."u8) || (_type.SequenceEqual("error"u8) && _hasError && !_hasEventId);

    /// <summary>Whether it transcribes what was said to the model: a bill of its own.</summary>
    public bool IsOfTranscription => _type.StartsWith("conversation.item.input_audio_transcription."u8);

    /// <summary>Whether a response, or a transcription, ends with it.</summary>
    public bool IsEnd => IsOfTranscription
        ? _type.EndsWith(".completed"u8) || _type.EndsWith(".failed"u8)
        : _type.SequenceEqual("response.done"u8) || _type.SequenceEqual("response.completed"u8)
            || _type.SequenceEqual("response.incomplete"u8) || _type.SequenceEqual("response.failed"u8)
            || _type.SequenceEqual("error"u8);

    /// <summary>Whether it holds a part of a Gemini turn's content.</summary>
    public bool HasTurnContent => _hasToolCall || Has(_serverContent, "modelTurn"u8) || Has(_serverContent, "outputTranscription"u8);

    /// <summary>Whether it is of a Gemini turn: its content, its usage or its end.</summary>
    public bool IsOfTurn => _hasToolCall || _hasUsage || !_serverContent.IsEmpty;

    /// <summary>Whether it counts a Gemini turn's tokens.</summary>
    public bool HasTurnUsage => _hasUsage;

    /// <summary>Whether a Gemini turn is complete.</summary>
    public bool IsTurnComplete => IsTrue(_serverContent, "turnComplete"u8);

    /// <summary>Whether the user has interrupted a Gemini turn.</summary>
    public bool IsTurnInterrupted => IsTrue(_serverContent, "interrupted"u8);

    /// <summary>Reads the names of a message's members.</summary>
    /// <returns>Whether it is an object; else it says nothing.</returns>
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
            // Malformed.
        }

        return false;
    }

    /// <summary>The models that the session's messages name: the one that answers, and the one that transcribes; null
    /// where it names none.</summary>
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

    // The value of a member that is an object; empty where there is none.
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
