using StreamUsage.Accounting;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Parses a recording or a plain-text transcript of OpenAI's audio endpoints. It has no usage, and is complete
/// if its body is.</summary>
internal sealed class AudioFileParser(string operation) : IProtocolParser
{
    public string Protocol => "openai-audio";

    public string Operation => operation;

    public ParserMatch Match(StreamEvent streamEvent) => ParserMatch.None;

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output) =>
        state with { IsTerminal = true };
}
