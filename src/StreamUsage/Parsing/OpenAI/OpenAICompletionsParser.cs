using StreamUsage.Accounting;
using StreamUsage.Parsing.Json;
using StreamUsage.Parsing.UsageObjects;

namespace StreamUsage.Parsing.OpenAI;

/// <summary>Parses legacy Completions: like Chat, but with a <c>text</c> in each choice instead of a message.</summary>
internal sealed class OpenAICompletionsParser(OpenAIChatParser chat) : IProbedProtocol, ITemplatedProtocol
{
    public static ReadOnlySpan<byte> ObjectName => "text_completion"u8;

    public string Protocol => "openai-completions";

    public UsageNames UsageNames => OpenAIUsageNames.Chat;

    public string Operation => "text_completion";

    public bool MayVary(ReadOnlySpan<byte> name) => name.SequenceEqual("text"u8) || chat.MayVary(name);

    public bool IsCount(ReadOnlySpan<byte> name) => chat.IsCount(name);

    public ParserMatch Match(in RootProbe probe) => probe.Object.SequenceEqual(ObjectName) ? ParserMatch.Certain : ParserMatch.None;

    public UsageAccumulator Apply(StreamEvent streamEvent, UsageAccumulator state, IOutputObserver output) =>
        chat.Apply(streamEvent, state, output);
}
