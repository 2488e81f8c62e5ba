using StreamUsage.Accounting;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Completes a recording or a plain-text transcript of OpenAI's audio endpoints, which has no usage. No body
/// matches: <see cref="Framing.KnownAnswer"/> selects this parser by the content type.</summary>
internal sealed class AudioFileParser(string operation) : IProtocolParser
{
    public string Protocol => "openai-audio";

    public string Operation => operation;

    public ParserMatch Match(StreamEvent streamEvent) => ParserMatch.None;

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output) =>
        state with { IsTerminal = true };
}
