using System.Text.Json;
using Microsoft.Extensions.AI;
using StreamUsage.Accounting;
using StreamUsage.Parsing;

namespace StreamUsage.Extensions.AI;

/// <summary>Parses the messages that <see cref="ClientMessages"/> writes.</summary>
internal sealed class ClientMessageParser(string operation) : IUsageParser
{
    public string Protocol => "extensions-ai";

    public string Operation => operation;

    public ParserMatch Match(StreamEvent streamEvent) => ParserMatch.Certain;

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state)
    {
        var reader = new Utf8JsonReader(streamEvent.Data);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            ReadOnlySpan<byte> name = reader.ValueSpan;
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                int start = (int)reader.TokenStartIndex;
                reader.Skip();
                state = ApplyUsage(streamEvent, streamEvent.Data[start..(int)reader.BytesConsumed], state);
                continue;
            }

            if (name.SequenceEqual("text"u8))
            {
                streamEvent.ReportText(reader.ValueSpan, reader.ValueIsEscaped);
            }
            else if (name.SequenceEqual("reasoning"u8))
            {
                streamEvent.ReportReasoning(reader.ValueSpan, reader.ValueIsEscaped);
            }
            else if (name.SequenceEqual("tool"u8))
            {
                streamEvent.ReportToolName(reader.ValueSpan, reader.ValueIsEscaped);
            }
            else if (name.SequenceEqual("arguments"u8))
            {
                streamEvent.ReportToolArguments(reader.ValueSpan, reader.ValueIsEscaped);
            }
            else
            {
                string? value = reader.GetString();
                state = name.SequenceEqual("id"u8) ? state with { ResponseId = state.ResponseId == value ? state.ResponseId : value }
                    : name.SequenceEqual("model"u8) ? state with { Model = state.Model == value ? state.Model : value }
                    : name.SequenceEqual("stop"u8) ? state with { StopReason = value }
                    : state;
            }
        }

        return state;
    }

    private static UsageAccumulator ApplyUsage(StreamEvent streamEvent, ReadOnlySpan<byte> json, UsageAccumulator state)
    {
        streamEvent.ReportUsage(json);
        var details = (UsageDetails?)JsonSerializer.Deserialize(json, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(UsageDetails)));
        return details is null ? state : DetailCounts.Apply(details, json, state);
    }
}
