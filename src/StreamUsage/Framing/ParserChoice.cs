using StreamUsage.Parsing;
using StreamUsage.Parsing.Gemini;

namespace StreamUsage.Framing;

/// <summary>Chooses the parser of a body from its first events. A possible parser stays until a certain one is found. A
/// mutable struct: never copy it.</summary>
internal struct ParserChoice(ParserSet parsers, ApiFormat named, IUsageParser? known)
{
    private ApiFormat _named = named;

    /// <summary>Gets the parser; null before an event was recognised.</summary>
    public IUsageParser? Parser { get; private set; } = known;

    public string? Protocol { get; private set; } = known?.Protocol;

    public bool IsCertain { get; private set; } = known is not null;

    /// <summary>Gets whether the events are members of other objects: <see cref="Envelope"/>.</summary>
    public bool IsEnveloped { get; private set; }

    public readonly ApiFormat Format => Parser is null ? _named : parsers.FormatOf(Parser, _named);

    /// <summary>Gets the operation that the answer does not show itself.</summary>
    public readonly string Operation => Parser?.Operation
        ?? (_named == ApiFormat.Gemini || _named == ApiFormat.GeminiCli ? GeminiParser.OperationName : UsageRecord.DefaultOperation);

    /// <summary>Gets the parser whose events may match a template; null if each event must be parsed.</summary>
    public readonly IUsageParser? Templated => IsCertain && !IsEnveloped && Parser is ITemplatedProtocol ? Parser : null;

    /// <summary>Sets the caller's format. An earlier choice stays.</summary>
    public void Name(ApiFormat format) => _named = format;

    /// <summary>Asks the parsers about an event. Returns whether one was chosen.</summary>
    public bool TryChoose(StreamEvent streamEvent, ref Exception? fault)
    {
        IUsageParser? parser = parsers.Choose(streamEvent, _named, out bool isCertain, ref fault);
        if (!isCertain && Envelope.Open(streamEvent.Data) is { IsEmpty: false } content)
        {
            var inside = new StreamEvent(streamEvent.Type, content, streamEvent.IsWholeBody);
            IUsageParser? inner = parsers.Choose(inside, _named, out bool isInnerCertain, ref fault);
            if (isInnerCertain)
            {
                (parser, isCertain, IsEnveloped) = (inner, true, true);
            }
        }

        if (parser is null || (Parser is not null && !isCertain))
        {
            return false;
        }

        Protocol = parser.Protocol;
        (Parser, IsCertain) = (parser, isCertain);
        return true;
    }
}
