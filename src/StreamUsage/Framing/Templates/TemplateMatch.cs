namespace StreamUsage.Framing.Templates;

/// <summary>What bytes are to a shape.</summary>
internal enum TemplateMatch
{
    /// <summary>Not an event of the shape: the full parser reads it.</summary>
    None,

    /// <summary>As far as they go they are; their end cuts the event.</summary>
    Cut,

    /// <summary>They begin with a whole event of the shape.</summary>
    Whole,
}
