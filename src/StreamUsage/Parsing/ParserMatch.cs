namespace StreamUsage.Parsing;

/// <summary>Specifies whether an event is of a parser's protocol.</summary>
public enum ParserMatch
{
    /// <summary>No, or unknown.</summary>
    None,

    /// <summary>Possibly: the parser is used unless a better match is found, now or later.</summary>
    Possible,

    /// <summary>Certainly: the parser parses this and all later events.</summary>
    Certain,
}
