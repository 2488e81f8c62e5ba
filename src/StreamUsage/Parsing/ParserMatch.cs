namespace StreamUsage.Parsing;

/// <summary>Specifies whether an event is of a parser's protocol.</summary>
public enum ParserMatch
{
    /// <summary>No, or not this event. The parser is asked again about the next one.</summary>
    None,

    /// <summary>Possibly. The parser is used until a better match is found, in this event or a later one. Any match of
    /// the caller's format is better than one of another format; within a format, a certain match is better.</summary>
    Possible,

    /// <summary>Certainly. The parser reads this and all later events, unless a parser of the caller's format matches
    /// the same event.</summary>
    Certain,
}
