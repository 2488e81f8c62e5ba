using StreamUsage.Parsing;
using StreamUsage.Parsing.Gemini;

namespace StreamUsage.Framing;

/// <summary>Chooses the parser of a body from its first events. A possible match is used until a certain one is found.
/// A mutable struct: never copy it.</summary>
internal struct ParserChoice(ParserSet parsers, ApiFormat callerFormat, IUsageParser? known)
{
    private ApiFormat _callerFormat = callerFormat;

    /// <summary>Gets the parser; null before an event was recognized.</summary>
    public IUsageParser? Parser { get; private set; } = known;

    public string? Protocol { get; private set; } = known?.Protocol;

    public bool IsCertain { get; private set; } = known is not null;

    /// <summary>Gets whether each event is a member of another object, which <see cref="Envelope"/> opens.</summary>
    public bool IsEnveloped { get; private set; }

    public readonly ApiFormat Format => Parser is null ? _callerFormat : parsers.FormatOf(Parser, _callerFormat);

    /// <summary>Gets the operation that is recorded unless the answer shows another one.</summary>
    public readonly string Operation => Parser?.Operation
        ?? (_callerFormat == ApiFormat.Gemini || _callerFormat == ApiFormat.GeminiCli
            ? GeminiParser.OperationName : UsageRecord.DefaultOperation);

    /// <summary>Gets the parser whose events may match a template; null if each event must be parsed.</summary>
    public readonly IUsageParser? Templated => IsCertain && !IsEnveloped && Parser is ITemplatedProtocol ? Parser : null;

    /// <summary>Sets the caller's format. A parser that was chosen before stays.</summary>
    public void SetFormat(ApiFormat callerFormat) => _callerFormat = callerFormat;

    /// <summary>Asks the parsers about an event. Returns whether one was chosen.</summary>
    /// <param name="streamEvent">The event.</param>
    /// <param name="fault">Set to the first exception of a parser or for malformed data. Another parser may be chosen
    /// all the same.</param>
    public bool TryChoose(StreamEvent streamEvent, ref Exception? fault)
    {
        IUsageParser? parser = parsers.Choose(streamEvent, _callerFormat, out bool isCertain, ref fault);
        if (!isCertain && Envelope.Open(streamEvent.Data) is { IsEmpty: false } content)
        {
            var inside = new StreamEvent(streamEvent.Type, content, streamEvent.IsWholeBody);
            IUsageParser? inner = parsers.Choose(inside, _callerFormat, out bool isInnerCertain, ref fault);
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
