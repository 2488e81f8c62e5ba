using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Mistral;

/// <summary>Parses Mistral's Conversations: stream events, ended by <c>conversation.response.done</c> or <c>.error</c>,
/// and a whole response. OpenAI's parsers read Mistral's other APIs.</summary>
internal sealed class ConversationsParser : IProbedProtocol, ITemplatedProtocol
{
    public string Protocol => "mistral-conversations";

    public UsageNames UsageNames => MistralUsageNames.Usage;

    public bool MayVary(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("content"u8) || name.SequenceEqual("text"u8) || name.SequenceEqual("arguments"u8)
            || name.SequenceEqual("created_at"u8);

    public ParserMatch Match(in RootProbe probe) =>
        probe.IsObject && (IsEvent(probe.AnyType) || probe.Object.SequenceEqual("conversation.response"u8)) ? ParserMatch.Certain
        : probe.HasError ? ParserMatch.Possible
        : ParserMatch.None;

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        ReadOnlySpan<byte> data = streamEvent.Data;
        if (!Utf8Json.IsObject(data))
        {
            return state;
        }

        ReadOnlySpan<byte> type = FindType(data, streamEvent.Type);
        bool isError = type.SequenceEqual("conversation.response.error"u8);
        bool isAnswer = type.IsEmpty;
        FlatError flatError = default;
        Utf8JsonReader reader = Utf8Json.ReadValue(data);
        if (ConversationEntry.IsEntry(type))
        {
            return ConversationEntry.Read(ref reader, data, type, index: -1, state, output);
        }

        reader.EnterObject();
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("conversation_id"u8))
            {
                state = reader.GetId(state.ResponseId) is { } id ? state with { ResponseId = id } : state;
            }
            else if (name.SequenceEqual("usage"u8))
            {
                state = MistralUsage.Read(ref reader, data, state, output);
            }
            else if (isAnswer && name.SequenceEqual("outputs"u8))
            {
                state = ReadOutputs(ref reader, data, state, output);
            }
            else if (name.SequenceEqual("error"u8))
            {
                state = ErrorObject.ReadInto(ref reader, state);
            }
            else if (!isError || !flatError.TryRead(ref reader, name))
            {
                reader.Skip();
            }
        }

        if (isError)
        {
            return state.WithError(flatError.ToError());
        }

        if (isAnswer && state.Error is null && FlatError.Read(data) is { } flat)
        {
            return state.WithError(flat);
        }

        bool isEnd = type.SequenceEqual("conversation.response.done"u8) || (isAnswer && streamEvent.IsWholeBody);
        return isEnd && state.Error is null ? state with { IsTerminal = true } : state;
    }

    private static bool IsEvent(ReadOnlySpan<byte> type) =>
        type.StartsWith("conversation.response."u8) || ConversationEntry.IsEntry(type) || type.StartsWith("agent.handoff."u8);

    private static ReadOnlySpan<byte> FindType(ReadOnlySpan<byte> data, ReadOnlySpan<byte> named)
    {
        var members = new JsonMembers(data);
        while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual("type"u8) && Utf8Json.IsString(value))
            {
                return value[1..^1];
            }
        }

        return IsEvent(named) ? named : default;
    }

    private static UsageAccumulator ReadOutputs(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, UsageAccumulator state, IOutputObserver output)
    {
        if (!reader.EnterArray())
        {
            return state;
        }

        for (int index = 0; reader.NextElement(); index++)
        {
            Utf8JsonReader entry = reader;
            ReadOnlySpan<byte> raw = reader.GetRaw(data);
            if (Utf8Json.IsObjectValue(raw))
            {
                ReadOnlySpan<byte> type = FindType(raw, default);
                state = ConversationEntry.Read(ref entry, data, type, index, state, output);
            }
        }

        return state;
    }
}
