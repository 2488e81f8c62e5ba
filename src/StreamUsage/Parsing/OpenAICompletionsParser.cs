using StreamUsage.Accounting;

namespace StreamUsage.Parsing;

/// <summary>OpenAI's legacy Completions and what is compatible: chunks and whole answers like those of Chat, whose choices hold a <c>text</c> instead of a message.</summary>
internal sealed class OpenAICompletionsParser(OpenAIChatParser chat) : IProbedWire, IRepeatingWire
{
    public static ReadOnlySpan<byte> ObjectName => "text_completion"u8;

    public string Wire => "openai-completions";

    public bool IsFree(ReadOnlySpan<byte> name) => name.SequenceEqual("text"u8) || chat.IsFree(name);

    public WireMatch Match(WireEvent wireEvent) => Match(RootProbe.Read(wireEvent));

    public WireMatch Match(in RootProbe probe) => probe.Object.SequenceEqual(ObjectName) ? WireMatch.Certain : WireMatch.None;

    public UsageAccumulator Apply(WireEvent wireEvent, UsageAccumulator state, IOutputObserver output) => chat.Apply(wireEvent, state, output);
}
