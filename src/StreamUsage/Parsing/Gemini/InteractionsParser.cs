using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.Gemini;

/// <summary>Parses Gemini Interactions: stream events, named by <c>event_type</c>, and a whole interaction, also a
/// background one. Steps hold the output; <c>interaction.completed</c> ends a stream, whatever its status.</summary>
internal sealed class InteractionsParser : IProbedProtocol, ITemplatedProtocol
{
    public string Protocol => "gemini-interactions";

    public UsageNames UsageNames => InteractionUsageNames.Usage;

    public string Operation => GeminiParser.OperationName;

    public bool MayVary(ReadOnlySpan<byte> name) => name.SequenceEqual("text"u8);

    public ParserMatch Match(in RootProbe probe)
    {
        if (!probe.IsObject)
        {
            return ParserMatch.None;
        }

        bool isCertain = IsEvent(probe.NamedType) || (IsEvent(probe.EventType) && probe.Type.IsEmpty)
            || (probe.NamedType.SequenceEqual("error"u8) && probe.HasError)
            || probe.Object.SequenceEqual("interaction"u8) || probe.Usage == UsageShape.Interactions;
        return isCertain ? ParserMatch.Certain : probe.Has(RootMembers.Steps) || probe.HasError ? ParserMatch.Possible : ParserMatch.None;
    }

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        ReadOnlySpan<byte> data = streamEvent.Data;
        if (!Utf8Json.IsObject(data))
        {
            return state;
        }

        ReadOnlySpan<byte> type = default, interaction = default, step = default, delta = default, usage = default, metadata = default;
        string? status = null;
        int index = 0;
        var members = new JsonMembers(data);
        while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual("event_type"u8) && Utf8Json.IsString(value))
            {
                type = value[1..^1];
            }
            else if (name.SequenceEqual("interaction"u8))
            {
                interaction = value;
            }
            else if (name.SequenceEqual("step"u8) || name.SequenceEqual("content"u8))
            {
                step = value;
            }
            else if (name.SequenceEqual("delta"u8))
            {
                delta = value;
            }
            else if (name.SequenceEqual("index"u8))
            {
                index = Utf8Json.GetIndex(value);
            }
            else if (name.SequenceEqual("usage"u8))
            {
                usage = value;
            }
            else if (name.SequenceEqual("metadata"u8))
            {
                metadata = value;
            }
            else if (name.SequenceEqual("status"u8))
            {
                status = Utf8Json.GetName(value);
            }
            else if (name.SequenceEqual("error"u8))
            {
                state = ErrorObject.ReadInto(value, state);
            }
        }

        type = type.IsEmpty && IsEvent(streamEvent.Type) ? streamEvent.Type : type;
        if (type.IsEmpty)
        {
            if (state.Error is null && FlatError.Read(data) is { } flat)
            {
                return state.WithError(flat);
            }

            bool isInteraction = !usage.IsEmpty || (state.Error is null && (streamEvent.IsWholeBody || status is not null));
            return isInteraction ? ReadInteraction(data, state, output, isWhole: true, isEnd: false) : state;
        }

        bool isEnd = type.SequenceEqual("interaction.completed"u8) || type.SequenceEqual("interaction.complete"u8);
        state = ReadRunningUsage(metadata, usage, state, output);
        if (Utf8Json.IsObjectValue(interaction))
        {
            state = ReadInteraction(interaction, state, output, isWhole: false, isEnd);
        }
        else if (Utf8Json.IsObjectValue(delta))
        {
            state = InteractionStep.ReadDelta(delta, index, state, output);
        }
        else if (Utf8Json.IsObjectValue(step))
        {
            state = InteractionStep.Read(step, index, state, output, lastingError: state.Error);
        }
        else if (status is not null)
        {
            state = WithStatus(state, status);
        }

        return isEnd ? state with { IsTerminal = true } : state;
    }

    private static bool IsEvent(ReadOnlySpan<byte> type) =>
        type.StartsWith("interaction."u8) || type.StartsWith("step."u8) || type.StartsWith("content."u8);

    // Usage before the end: metadata {total_usage} or {usage}, or the usage of step.stop, of which step_usage is a
    // part.
    private static UsageAccumulator ReadRunningUsage(
        ReadOnlySpan<byte> metadata, ReadOnlySpan<byte> usage, UsageAccumulator state, IOutputObserver output)
    {
        if (Utf8Json.IsObjectValue(metadata))
        {
            var members = new JsonMembers(metadata);
            while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
            {
                usage = name.SequenceEqual("total_usage"u8) || name.SequenceEqual("usage"u8) ? value : usage;
            }
        }

        return Utf8Json.IsObjectValue(usage) ? InteractionUsage.Read(usage, state, output, isFinal: false) : state;
    }

    private static UsageAccumulator ReadInteraction(
        ReadOnlySpan<byte> interaction, UsageAccumulator state, IOutputObserver output, bool isWhole, bool isEnd)
    {
        string? status = null, agent = null;
        ReadOnlySpan<byte> usage = default, errors = default;
        var members = new JsonMembers(interaction);
        while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual("id"u8))
            {
                // Empty if the interaction is not stored.
                state = Utf8Json.GetId(value, state.ResponseId) is { } id ? state with { ResponseId = id } : state;
            }
            else if (name.SequenceEqual("model"u8))
            {
                state = Utf8Json.GetName(value, state.Model) is { } model ? state with { Model = model } : state;
            }
            else if (name.SequenceEqual("agent"u8))
            {
                agent = Utf8Json.GetName(value, state.Model);
            }
            else if (name.SequenceEqual("status"u8))
            {
                status = Utf8Json.GetName(value, state.StopReason);
            }
            else if (name.SequenceEqual("service_tier"u8))
            {
                state = Utf8Json.WithServiceTier(state, Utf8Json.GetName(value, state.ServiceTier));
            }
            else if (name.SequenceEqual("usage"u8))
            {
                usage = value;
            }
            else if (name.SequenceEqual("errors"u8))
            {
                errors = value;
            }
            else if (isWhole && (name.SequenceEqual("steps"u8) || name.SequenceEqual("outputs"u8)))
            {
                state = ReadSteps(value, state, output);
            }
        }

        state = state with { Model = state.Model ?? agent }; // An agent's answer may have no model.
        if (Utf8Json.IsObjectValue(usage))
        {
            state = InteractionUsage.Read(usage, state, output, isFinal: isWhole || isEnd);
        }

        if (status == "failed")
        {
            state = WithErrors(state, errors);
        }

        if (!isWhole && !isEnd)
        {
            return state;
        }

        return status is "queued" or "in_progress" ? state with { IsPending = isWhole }
            : state with { StopReason = status ?? state.StopReason, IsTerminal = state.Error is null, IsPending = false };
    }

    private static UsageAccumulator ReadSteps(ReadOnlySpan<byte> steps, UsageAccumulator state, IOutputObserver output)
    {
        ProviderError? error = state.Error;
        Utf8JsonReader reader = Utf8Json.ReadValue(steps);
        if (reader.EnterArray())
        {
            for (int index = 0; reader.NextElement(); index++)
            {
                ReadOnlySpan<byte> step = reader.GetRaw(steps);
                state = Utf8Json.IsObjectValue(step) ? InteractionStep.Read(step, index, state, output, error) : state;
            }
        }

        return state;
    }

    // A status update: the event with the usage may still follow.
    private static UsageAccumulator WithStatus(in UsageAccumulator state, string status) => status switch
    {
        "queued" or "in_progress" => state,
        "failed" => state.WithError(new ProviderError()) with { StopReason = status },
        _ => state with { StopReason = status, Choices = state.Choices.Finish(0) },
    };

    private static UsageAccumulator WithErrors(UsageAccumulator state, ReadOnlySpan<byte> errors)
    {
        if (!errors.IsEmpty)
        {
            Utf8JsonReader reader = Utf8Json.ReadValue(errors);
            if (reader.EnterArray() && reader.NextElement() && ErrorObject.Read(ref reader) is { } error)
            {
                return state.WithError(error);
            }
        }

        return state.WithError(new ProviderError());
    }
}
