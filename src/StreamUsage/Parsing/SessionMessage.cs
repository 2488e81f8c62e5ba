using System.Text.Json;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing;

/// <summary>Represents the root of a socket message: which response or turn it belongs to, and whether it ends it. It
/// is a message of OpenAI's Realtime and Responses (<c>type</c>), or of Gemini Live (<c>serverContent</c>,
/// <c>usageMetadata</c>). Its spans lie in the message.</summary>
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

    /// <summary>Gets OpenAI's <c>stream_id</c>, which separates concurrent Responses on one socket; empty if there is
    /// none.</summary>
    public ReadOnlySpan<byte> Lane { get; }

    /// <summary>Gets whether the message is OpenAI's; else it is Gemini Live's.</summary>
    public bool IsOpenAI => !_type.IsEmpty;

    /// <summary>Gets whether an OpenAI message is Realtime's: its events have an <c>event_id</c>. Responses events have
    /// sequence numbers instead.</summary>
    public bool IsRealtime => _hasEventId;

    /// <summary>Gets whether the message belongs to a response of OpenAI. A Responses error ends one. A Realtime error,
    /// which has an event id, leaves the session and its responses open.</summary>
    public bool IsOfResponse => _type.StartsWith("response."u8) || (_type.SequenceEqual("error"u8) && _hasError && !_hasEventId);

    /// <summary>Gets whether the message transcribes the user's speech, which is billed separately.</summary>
    public bool IsOfTranscription => _type.StartsWith("conversation.item.input_audio_transcription."u8);

    /// <summary>Gets whether a message of a response or of a transcription is its last one.</summary>
    public bool IsEnd => IsOfTranscription
        ? _type.EndsWith(".completed"u8) || _type.EndsWith(".failed"u8)
        : _type.SequenceEqual("response.done"u8) || _type.SequenceEqual("response.completed"u8)
            || _type.SequenceEqual("response.incomplete"u8) || _type.SequenceEqual("response.failed"u8)
            || _type.SequenceEqual("error"u8);

    /// <summary>Gets whether the message holds output of a Gemini turn.</summary>
    public bool HasTurnContent => _hasToolCall || !FindObject(_serverContent, "modelTurn"u8).IsEmpty
        || !FindObject(_serverContent, "outputTranscription"u8).IsEmpty;

    /// <summary>Gets whether the message belongs to a Gemini turn: its content, usage or end.</summary>
    public bool IsOfTurn => _hasToolCall || _hasUsage || !_serverContent.IsEmpty;

    /// <summary>Gets whether the message holds the usage of a Gemini turn.</summary>
    public bool HasTurnUsage => _hasUsage;

    /// <summary>Gets whether a Gemini turn has ended. Its usage may follow.</summary>
    public bool IsTurnComplete => Find(_serverContent, "turnComplete"u8).SequenceEqual("true"u8);

    /// <summary>Gets whether the user has interrupted a Gemini turn, which ends soon after.</summary>
    public bool IsTurnInterrupted => Find(_serverContent, "interrupted"u8).SequenceEqual("true"u8);

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

    /// <summary>Reads the models that the message names: the session's model, and the one that transcribes the user's
    /// speech.</summary>
    public void ReadModels(ref string? model, ref string? transcriptionModel)
    {
        if (!_type.StartsWith("session."u8) || _session.IsEmpty)
        {
            return;
        }

        model = FindName(_session, "model"u8) ?? model;
        ReadOnlySpan<byte> transcription = FindObject(_session, "input_audio_transcription"u8);
        if (transcription.IsEmpty)
        {
            transcription = FindObject(FindObject(FindObject(_session, "audio"u8), "input"u8), "transcription"u8);
        }

        transcriptionModel = FindName(transcription, "model"u8) ?? transcriptionModel;
        // In a transcription session, the session's model transcribes.
        if (transcriptionModel is null && FindString(_session, "type"u8).SequenceEqual("transcription"u8))
        {
            transcriptionModel = model;
        }
    }

    private static string? FindName(ReadOnlySpan<byte> json, ReadOnlySpan<byte> wanted)
    {
        const int MaxLength = 256;
        ReadOnlySpan<byte> found = FindString(json, wanted);
        return found.IsEmpty ? null : JsonStringText.ToString(found, MaxLength);
    }

    private static ReadOnlySpan<byte> FindString(ReadOnlySpan<byte> json, ReadOnlySpan<byte> wanted)
    {
        ReadOnlySpan<byte> value = Find(json, wanted);
        return Utf8Json.IsString(value) ? value[1..^1] : default;
    }

    private static ReadOnlySpan<byte> FindObject(ReadOnlySpan<byte> json, ReadOnlySpan<byte> wanted)
    {
        ReadOnlySpan<byte> value = Find(json, wanted);
        return Utf8Json.IsObjectValue(value) ? value : default;
    }

    // Returns the value of a member; empty if there is none, or if the object is malformed before it. Only the root was
    // checked when the message was read.
    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> json, ReadOnlySpan<byte> wanted)
    {
        if (json.IsEmpty)
        {
            return default;
        }

        try
        {
            var members = new JsonMembers(json);
            while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
            {
                if (name.SequenceEqual(wanted))
                {
                    return value;
                }
            }
        }
        catch (JsonException)
        {
            // The parser reads the same bytes next.
        }

        return default;
    }
}
