using StreamUsage.Accounting;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>
/// An answer of OpenAI's audio endpoints that says nothing but itself: a recording, or a transcript in plain text. It
/// reports no usage, and is complete where its body is.
/// </summary>
/// <param name="operation">What was asked.</param>
internal sealed class AudioFileParser(string operation) : IProtocolParser
{
    public string Protocol => "openai-audio";

    public string Operation => operation;

    public ParserMatch Match(StreamEvent streamEvent) => ParserMatch.None;

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output) =>
        state with { IsTerminal = true };
}
