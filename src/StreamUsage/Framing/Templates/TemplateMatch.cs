namespace StreamUsage.Framing.Templates;

/// <summary>Specifies how bytes match a template.</summary>
internal enum TemplateMatch
{
    /// <summary>No match: the event is parsed.</summary>
    None,

    /// <summary>The bytes match as far as they go, but end inside the event.</summary>
    Cut,

    /// <summary>The bytes begin with a whole event of the template.</summary>
    Whole,
}
