using StreamUsage.Accounting;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Ends an answer of OpenAI's audio endpoints that is not JSON: speech, or a plain-text transcript. Such an
/// answer has no usage. No event matches: <see cref="Framing.KnownAnswer"/> selects this parser by the content
/// type.</summary>
internal sealed class AudioFileParser(string operation) : IProtocolParser
{
    public string Protocol => "openai-audio";

    public string Operation => operation;

    public ParserMatch Match(StreamEvent streamEvent) => ParserMatch.None;

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output) =>
        state with { IsTerminal = true };
}
