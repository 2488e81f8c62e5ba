namespace StreamUsage.Parsing;

/// <summary>The parsers of a tracker, the user's own before the built-in ones, and the choice among them.</summary>
internal sealed class ParserSet
{
    private static readonly ClaudeParser Claude = new();
    private static readonly OpenAIChatParser Chat = new();
    private static readonly OpenAIResponsesParser Responses = new();

    private static readonly (ApiFormat Format, IUsageParser Parser)[] BuiltIn =
    [
        (ApiFormat.OpenAI, Chat), (ApiFormat.OpenAI, Responses), (ApiFormat.OpenAICli, Chat), (ApiFormat.OpenAICli, Responses),
        (ApiFormat.Claude, Claude), (ApiFormat.ClaudeCli, Claude),
    ];

    private readonly (ApiFormat Format, IUsageParser Parser)[] _parsers;

    public ParserSet(IEnumerable<(ApiFormat Format, IUsageParser Parser)> custom) => _parsers = [.. custom, .. BuiltIn];

    /// <summary>
    /// The parser that fits an event best: a certain match before a possible one, but the parsers of the format that the caller named before all others. Null where none matches.
    /// </summary>
    public IUsageParser? Choose(WireEvent wireEvent, ApiFormat named, out bool isCertain, ref Exception? fault)
    {
        IUsageParser? best = null;
        int bestRank = 0;
        for (int i = 0; i < _parsers.Length; i++)
        {
            (ApiFormat format, IUsageParser parser) = _parsers[i];
            int rank = (int)Match(parser, wireEvent, ref fault) * (format == named ? 10 : 1);
            if (rank > bestRank)
            {
                best = parser;
                bestRank = rank;
            }
        }

        isCertain = bestRank is (int)WireMatch.Certain or (int)WireMatch.Certain * 10;
        return best;
    }

    // A parser whose match throws does not keep the others from the event.
    private static WireMatch Match(IUsageParser parser, WireEvent wireEvent, ref Exception? fault)
    {
        try
        {
            return parser.Match(wireEvent);
        }
        catch (Exception caught)
        {
            fault ??= caught;
            return WireMatch.None;
        }
    }

    /// <summary>The format that a parser reads: the named one where it is among its formats, else its first.</summary>
    public ApiFormat FormatOf(IUsageParser parser, ApiFormat named)
    {
        ApiFormat? first = null;
        foreach ((ApiFormat format, IUsageParser candidate) in _parsers)
        {
            if (ReferenceEquals(candidate, parser))
            {
                if (format == named)
                {
                    return named;
                }

                first ??= format;
            }
        }

        return first ?? named;
    }
}
