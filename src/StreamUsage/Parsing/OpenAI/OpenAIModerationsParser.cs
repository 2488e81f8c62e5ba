using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Parses moderations: one body without usage. They are free, so nothing is counted.</summary>
internal sealed class OpenAIModerationsParser : IProbedProtocol
{
    public string Protocol => "openai-moderations";

    public string Operation => "moderation";

    public ParserMatch Match(in RootProbe probe) =>
        probe.IsObject && probe.Has(RootMembers.ModerationId) && probe.Has(RootMembers.Results) ? ParserMatch.Certain : ParserMatch.None;

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output)
    {
        if (!Utf8Json.IsObject(streamEvent.Data))
        {
            return state;
        }

        var members = new JsonMembers(streamEvent.Data);
        while (members.Next(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            if (name.SequenceEqual("id"u8))
            {
                state = Utf8Json.GetId(value) is { } id ? state with { ResponseId = id } : state;
            }
            else if (name.SequenceEqual("model"u8))
            {
                state = Utf8Json.GetName(value) is { } model ? state with { Model = model } : state;
            }
        }

        return state with { IsTerminal = true };
    }
}
