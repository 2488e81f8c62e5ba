namespace StreamUsage.Parsing;

/// <summary>Whether an event is of a parser's wire.</summary>
public enum ParserMatch
{
    /// <summary>It is not, or it does not tell.</summary>
    None,

    /// <summary>It could be, and could be another wire's as well: the parser reads it unless a surer one is found, then
    /// or later.</summary>
    Possible,

    /// <summary>It is: the parser reads this event and all that follow.</summary>
    Certain,
}
