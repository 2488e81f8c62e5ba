using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Parses OpenAI Realtime: the messages of one response or of one transcription. Those of a response are like
/// Responses', but end with <c>response.done</c>. No body matches: <see cref="UsageSession"/> separates the responses
/// and selects this parser.</summary>
internal sealed class RealtimeParser : IProtocolParser
{
    private static readonly OpenAIResponsesParser Responses = new();

    public string Protocol => "openai-realtime";

    public ParserMatch Match(StreamEvent streamEvent) => ParserMatch.None;

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        ReadOnlySpan<byte> data = streamEvent.Data;
        ReadOnlySpan<byte> type = default, item = default, delta = default, transcript = default;
        ReadOnlySpan<byte> usage = default, error = default, response = default;
        var members = new JsonMembers(data);
        while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual("type"u8) && Utf8Json.IsString(value))
            {
                type = value[1..^1];
            }
            else if (name.SequenceEqual("item_id"u8))
            {
                item = value;
            }
            else if (name.SequenceEqual("delta"u8))
            {
                delta = value;
            }
            else if (name.SequenceEqual("transcript"u8))
            {
                transcript = value;
            }
            else if (name.SequenceEqual("usage"u8))
            {
                usage = value;
            }
            else if (name.SequenceEqual("error"u8))
            {
                error = value;
            }
            else if (name.SequenceEqual("response"u8))
            {
                response = value;
            }
        }

        if (!type.StartsWith("conversation.item."u8))
        {
            state = Responses.Apply(streamEvent, state, output);
            return type.SequenceEqual("response.done"u8) && Utf8Json.IsObjectValue(response) ? End(response, state) : state;
        }

        string? id = item.IsEmpty ? null : Utf8Json.GetId(item, state.ResponseId);
        state = state with { Operation = "transcription", ResponseId = id ?? state.ResponseId };
        if (Utf8Json.IsObjectValue(error))
        {
            return ErrorObject.ReadInto(error, state);
        }

        if (Utf8Json.IsString(delta))
        {
            Utf8Json.ReportOutput(delta, OutputKind.Text, 0, output);
            state = state with { Choices = state.Choices.Begin(0) };
        }
        else if (Utf8Json.IsString(transcript) && !state.Choices.HasBegun(0))
        {
            Utf8Json.ReportOutput(transcript, OutputKind.Text, 0, output);
        }

        state = Utf8Json.IsObjectValue(usage) ? AudioUsage.Read(usage, state, output) : state;
        return type.EndsWith(".completed"u8) ? state with { IsTerminal = true } : state;
    }

    // status_details {type, reason, error}: why a response was canceled, is incomplete or has failed.
    private static UsageAccumulator End(ReadOnlySpan<byte> response, UsageAccumulator state)
    {
        ReadOnlySpan<byte> details = default;
        string? status = null, reason = null;
        var members = new JsonMembers(response);
        while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual("status_details"u8) && Utf8Json.IsObjectValue(value))
            {
                details = value;
            }
            else if (name.SequenceEqual("status"u8))
            {
                status = Utf8Json.GetName(value);
            }
        }

        if (!details.IsEmpty)
        {
            members = new JsonMembers(details);
            while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
            {
                if (name.SequenceEqual("reason"u8))
                {
                    reason = Utf8Json.GetName(value);
                }
                else if (name.SequenceEqual("error"u8) && status == "failed")
                {
                    state = ErrorObject.ReadInto(value, state);
                }
            }
        }

        return state with { StopReason = reason ?? status ?? state.StopReason, IsTerminal = true };
    }
}
