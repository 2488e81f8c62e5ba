using System.Text.Json;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Parses image generations and edits: one body, or events, with the usage in
/// <c>image_generation.completed</c> or <c>image_edit.completed</c>. Models billed by the image report no
/// tokens.</summary>
internal sealed class OpenAIImagesParser : IProbedProtocol
{
    public string Protocol => "openai-images";

    public UsageNames UsageNames => OpenAIUsageNames.Responses;

    public string Operation => "image_generation";

    public ParserMatch Match(in RootProbe probe) =>
        probe.IsObject && (IsEvent(probe.AnyType) || (probe.Has(RootMembers.Images) && !probe.HasChoices && probe.Object.IsEmpty))
            ? ParserMatch.Certain : ParserMatch.None;

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        ReadOnlySpan<byte> data = streamEvent.Data;
        if (!Utf8Json.IsObject(data))
        {
            return state;
        }

        ReadOnlySpan<byte> type = IsEvent(streamEvent.Type) ? streamEvent.Type : default;
        ReadOnlySpan<byte> usage = default, images = default;
        var members = new JsonMembers(data);
        while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual("type"u8) && Utf8Json.IsString(value))
            {
                type = value[1..^1];
            }
            else if (name.SequenceEqual("usage"u8))
            {
                usage = value;
            }
            else if (name.SequenceEqual("data"u8))
            {
                images = value;
            }
            else if (name.SequenceEqual("model"u8))
            {
                state = Utf8Json.GetName(value, state.Model) is { } model ? state with { Model = model } : state;
            }
            else if (name.SequenceEqual("service_tier"u8))
            {
                state = Utf8Json.WithServiceTier(state, Utf8Json.GetName(value, state.ServiceTier));
            }
            else if (name.SequenceEqual("error"u8))
            {
                state = ErrorObject.ReadInto(value, state);
            }
        }

        if (type.IsEmpty && (images.IsEmpty || images[0] != (byte)'[') && state.Error is null && FlatError.Read(data) is { } flat)
        {
            return state.WithError(flat);
        }

        if (Utf8Json.IsObjectValue(usage))
        {
            Utf8JsonReader reader = Utf8Json.ReadValue(usage);
            state = OpenAIUsage.ReadResponses(ref reader, usage, state, output);
        }

        bool isEnd = type.EndsWith(".completed"u8) || (type.IsEmpty && streamEvent.IsWholeBody);
        if (isEnd && !state.Tokens.HasInput && state.Tokens.OutputTokens is null)
        {
            state = UnitsByName.With(state, "images", type.IsEmpty ? CountImages(images) : 1);
        }

        return isEnd && state.Error is null ? state with { IsTerminal = true } : state;
    }

    private static bool IsEvent(ReadOnlySpan<byte> type) => type.StartsWith("image_generation."u8) || type.StartsWith("image_edit."u8);

    private static int CountImages(ReadOnlySpan<byte> images)
    {
        int count = 0;
        if (!images.IsEmpty)
        {
            Utf8JsonReader reader = Utf8Json.ReadValue(images);
            if (reader.EnterArray())
            {
                while (reader.NextElement())
                {
                    reader.Skip();
                    count++;
                }
            }
        }

        return count;
    }
}
