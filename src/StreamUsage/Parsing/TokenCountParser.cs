using System.Text;
using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;

namespace StreamUsage.Parsing;

/// <summary>Parses token counting answers (Anthropic's count_tokens, OpenAI's input_tokens, Gemini's countTokens,
/// Bedrock's CountTokens). They use no tokens, so nothing is counted.</summary>
/// <param name="protocol">The protocol whose requests are counted.</param>
/// <param name="count">The root member that holds the count.</param>
/// <param name="objectName">The answer's <c>object</c> name; empty if none.</param>
internal sealed class TokenCountParser(string protocol, RootMembers count, string objectName) : IProbedProtocol
{
    private readonly byte[] _object = Encoding.UTF8.GetBytes(objectName);

    public string Protocol => protocol;

    public string Operation => "count_tokens";

    public ParserMatch Match(in RootProbe probe)
    {
        // The count must be the only member that identifies a protocol.
        bool isCount = probe.IsObject && probe.Members == count && probe.Object.SequenceEqual(_object)
            && !probe.HasUsage && !probe.HasChoices && !probe.HasOutput && !probe.HasError && probe.AnyType.IsEmpty
                && probe.NamedType.IsEmpty;
        return isCount ? ParserMatch.Certain : ParserMatch.None;
    }

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output) =>
        state with { IsTerminal = true };
}
