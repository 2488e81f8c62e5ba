using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Parses transcriptions, translations and streamed speech of OpenAI and Mistral: a body with a <c>text</c>,
/// or events, the last of which ends in <c>.done</c>. A stream repeats the transcript, which is counted once.</summary>
internal sealed class OpenAIAudioParser : IProbedProtocol, ITemplatedProtocol
{
    public string Protocol => "openai-audio";

    public UsageNames UsageNames => OpenAIUsageNames.Responses;

    public string Operation => "transcription";

    public bool MayVary(ReadOnlySpan<byte> name) => name.SequenceEqual("delta"u8) || name.SequenceEqual("text"u8);

    public ParserMatch Match(in RootProbe probe)
    {
        if (!probe.IsObject)
        {
            return ParserMatch.None;
        }

        if (IsEvent(probe.AnyType))
        {
            return ParserMatch.Certain;
        }

        const RootMembers Others = RootMembers.IsFinished | RootMembers.GenerationId | RootMembers.Generation;
        if (!probe.Has(RootMembers.Text) || probe.Has(Others) || probe.HasChoices || !probe.Type.IsEmpty || !probe.NamedType.IsEmpty)
        {
            return ParserMatch.None;
        }

        // Any protocol may have a text.
        return probe.Has(RootMembers.Recording) || probe.HasUsage ? ParserMatch.Certain
            : probe.IsWholeBody && probe.PropertyCount == 1 ? ParserMatch.Possible
            : ParserMatch.None;
    }

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        ReadOnlySpan<byte> data = streamEvent.Data;
        if (!Utf8Json.IsObject(data))
        {
            return state;
        }

        ReadOnlySpan<byte> type = IsEvent(streamEvent.Type) ? streamEvent.Type : default;
        ReadOnlySpan<byte> delta = default, text = default, usage = default, duration = default;
        var members = new JsonMembers(data);
        while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual("type"u8) && Utf8Json.IsString(value))
            {
                type = value[1..^1];
            }
            else if (name.SequenceEqual("delta"u8))
            {
                delta = value;
            }
            else if (name.SequenceEqual("text"u8))
            {
                text = value;
            }
            else if (name.SequenceEqual("usage"u8))
            {
                usage = value;
            }
            else if (name.SequenceEqual("duration"u8))
            {
                duration = value;
            }
            else if (name.SequenceEqual("model"u8))
            {
                state = Utf8Json.GetName(value, state.Model) is { } model ? state with { Model = model } : state;
            }
            else if (name.SequenceEqual("error"u8))
            {
                state = ErrorObject.ReadInto(value, state);
            }
        }

        if (type.IsEmpty && !Utf8Json.IsString(text) && state.Error is null && FlatError.Read(data) is { } flat)
        {
            return state.WithError(flat);
        }

        bool isEnd = type.EndsWith(".done"u8) || (type.IsEmpty && streamEvent.IsWholeBody);
        if (type.EndsWith(".text.delta"u8))
        {
            state = Observe(delta.IsEmpty ? text : delta, state, output);
        }
        else if (isEnd && !state.Choices.HasBegun(0))
        {
            state = Observe(text, state, output);
        }

        state = type.StartsWith("speech."u8) ? state with { Operation = "speech" } : state;
        if (Utf8Json.IsObjectValue(usage))
        {
            state = AudioUsage.Read(usage, state, output);
        }
        else if (isEnd && !duration.IsEmpty)
        {
            state = AudioUsage.WithSeconds(duration, state); // Without usage, the recording's length is billed.
        }

        return isEnd && state.Error is null ? state with { IsTerminal = true } : state;
    }

    private static bool IsEvent(ReadOnlySpan<byte> type) =>
        type.StartsWith("transcript."u8) || type.StartsWith("transcription."u8) || type.StartsWith("speech.audio."u8);

    // The single choice marks that text has arrived.
    private static UsageAccumulator Observe(ReadOnlySpan<byte> text, in UsageAccumulator state, IOutputObserver output)
    {
        if (!Utf8Json.IsString(text))
        {
            return state;
        }

        Utf8Json.ReportOutput(text, OutputKind.Text, 0, output);
        return state.Choices.HasBegun(0) ? state : state with { Choices = state.Choices.Begin(0) };
    }
}
