using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Bedrock;

/// <summary>Parses Amazon Bedrock's Converse: stream events, a whole answer, and exceptions. An event is named by its
/// type, or by the property around it, as SDKs print it. The usage comes last, in a <c>metadata</c> event.</summary>
internal sealed class ConverseParser : IProbedProtocol
{
    public string Protocol => "bedrock-converse";

    public UsageNames UsageNames => ConverseUsageNames.Usage;

    public ParserMatch Match(in RootProbe probe)
    {
        if (!probe.IsObject)
        {
            return ParserMatch.None;
        }

        // Other servers name events "metadata" as well, so such an event is Converse's only by its usage.
        bool isEvent = IsEvent(probe.EventType) && (probe.Usage == UsageShape.Converse || !probe.EventType.SequenceEqual("metadata"u8));
        if (isEvent || BedrockException.IsType(probe.EventType))
        {
            return ParserMatch.Certain;
        }

        if (probe.HasConverseEvent || (probe.Usage == UsageShape.Converse && probe.HasOutput))
        {
            return ParserMatch.Certain;
        }

        return probe.Usage == UsageShape.Converse || probe.HasError ? ParserMatch.Possible : ParserMatch.None;
    }

    /// <summary>Returns whether a root property is an event's name, as SDKs print it. <c>metadata</c> is left out,
    /// because other servers use that name.</summary>
    public static bool IsName(scoped ReadOnlySpan<byte> name, JsonTokenType value) =>
        value == JsonTokenType.StartObject && (IsEvent(name) || BedrockException.IsType(name)) && !name.SequenceEqual("metadata"u8);

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        if (!Utf8Json.IsObject(streamEvent.Data))
        {
            return state;
        }

        Utf8JsonReader reader = Utf8Json.ReadValue(streamEvent.Data);
        if (BedrockException.IsType(streamEvent.Type))
        {
            return state.WithError(BedrockException.Read(ref reader, streamEvent.Type));
        }

        UsageAccumulator next =
            ReadEvent(ref reader, streamEvent.Data, streamEvent.Type, state, output, streamEvent.IsWholeBody, isInner: false);
        bool isUnknown = streamEvent.Type.IsEmpty && next == state && next.Error is null;
        return isUnknown && FlatError.Read(streamEvent.Data) is { } error ? next.WithError(error) : next;
    }

    private static bool IsEvent(scoped ReadOnlySpan<byte> type) =>
        type.SequenceEqual("contentBlockDelta"u8) || type.SequenceEqual("messageStart"u8) || type.SequenceEqual("contentBlockStart"u8)
            || type.SequenceEqual("contentBlockStop"u8)
        || type.SequenceEqual("messageStop"u8) || type.SequenceEqual("metadata"u8);

    private static UsageAccumulator ReadEvent(
        ref Utf8JsonReader reader, ReadOnlySpan<byte> data, scoped ReadOnlySpan<byte> type, UsageAccumulator state, IOutputObserver output,
            bool isWholeBody, bool isInner)
    {
        if (!reader.EnterObject())
        {
            return state;
        }

        bool hasUsage = false;
        int index = output.KeepsMessage ? FindIndex(reader) : 0;
        state = type.SequenceEqual("messageStart"u8) ? state with { Choices = state.Choices.Begin(0) } : state;
        while (reader.NextProperty(out ReadOnlySpan<byte> name))
        {
            if (name.SequenceEqual("delta"u8) || name.SequenceEqual("start"u8))
            {
                ConverseContent.ReadBlock(ref reader, data, index, output);
            }
            else if (name.SequenceEqual("role"u8) && reader.TokenType == JsonTokenType.String)
            {
                output.OnMessage(reader.ValueSpan, isNew: false);
            }
            else if (name.SequenceEqual("output"u8))
            {
                ConverseContent.ReadOutput(ref reader, data, output);
            }
            else if (name.SequenceEqual("stopReason"u8))
            {
                state = reader.GetName(state.StopReason) is { } reason
                    ? state with { StopReason = reason, Choices = state.Choices.Finish(0) } : state;
            }
            else if (name.SequenceEqual("usage"u8) && reader.TokenType == JsonTokenType.StartObject)
            {
                hasUsage = true;
                state = ConverseUsage.Read(ref reader, data, state, output);
            }
            else if (name.SequenceEqual("error"u8))
            {
                state = ErrorObject.ReadInto(ref reader, state);
            }
            else if (!isInner && reader.TokenType == JsonTokenType.StartObject && BedrockException.IsType(name))
            {
                state = state.WithError(BedrockException.Read(ref reader, name));
            }
            else if (!isInner && reader.TokenType == JsonTokenType.StartObject && IsEvent(name))
            {
                state = ReadEvent(ref reader, data, name, state, output, isWholeBody: false, isInner: true);
            }
            else
            {
                state = ReadServed(ref reader, name, state);
            }
        }

        bool isTerminal = state.Error is null && hasUsage && (isWholeBody || type.SequenceEqual("metadata"u8));
        return isTerminal ? state with { IsTerminal = true } : state;
    }

    // contentBlockIndex comes after the delta.
    private static int FindIndex(Utf8JsonReader reader)
    {
        try
        {
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual("contentBlockIndex"u8))
                {
                    return reader.GetIndex();
                }

                reader.Skip();
            }
        }
        catch (JsonException)
        {
            // The parser reads the same bytes next, and throws.
        }

        return 0;
    }

    // Serving details: serviceTier {type}, performanceConfig {latency}, trace {promptRouter {invokedModelId}},
    // additionalModelResponseFields {stop_sequence}.
    private static UsageAccumulator ReadServed(ref Utf8JsonReader reader, scoped ReadOnlySpan<byte> name, UsageAccumulator state)
    {
        if (name.SequenceEqual("serviceTier"u8))
        {
            return Utf8Json.WithServiceTier(state, FindName(ref reader, "type"u8));
        }

        if (name.SequenceEqual("performanceConfig"u8))
        {
            return FindName(ref reader, "latency"u8) is { } latency ? state with { Speed = latency } : state;
        }

        if (name.SequenceEqual("additionalModelResponseFields"u8))
        {
            return FindName(ref reader, "stop_sequence"u8) is { } sequence ? state with { StopSequence = sequence } : state;
        }

        if (name.SequenceEqual("trace"u8) && reader.EnterObject())
        {
            while (reader.NextProperty(out ReadOnlySpan<byte> member))
            {
                if (!member.SequenceEqual("promptRouter"u8))
                {
                    reader.Skip();
                }
                else if (FindName(ref reader, "invokedModelId"u8) is { } model)
                {
                    state = state with { Model = model };
                }
            }

            return state;
        }

        reader.Skip();
        return state;
    }

    private static string? FindName(ref Utf8JsonReader reader, ReadOnlySpan<byte> wanted)
    {
        string? found = null;
        if (reader.EnterObject())
        {
            while (reader.NextProperty(out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual(wanted))
                {
                    found = reader.GetName();
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        return found;
    }
}
