namespace StreamUsage.Framing.Templates;

/// <summary>A part of a shape in which events differ. Eight bytes: a stream keeps some of them as long as it is
/// open.</summary>
/// <param name="Start">Where it begins in the shape's sample.</param>
/// <param name="End">Where it ends.</param>
/// <param name="Kind">What stands in it.</param>
/// <param name="Output">Of output: its kind.</param>
/// <param name="Choice">Of output: its choice.</param>
internal readonly record struct TemplateSlot(ushort Start, ushort End, HoleKind Kind, byte Output = 0, ushort Choice = 0);

/// <summary>What stands in a hole.</summary>
internal enum HoleKind : byte
{
    /// <summary>A whole number that the parser does not read.</summary>
    Number,

    /// <summary>A count that the parser puts into the state.</summary>
    Count,

    /// <summary>A string that the parser does not read.</summary>
    Unread,

    /// <summary>Text that the parser tells of.</summary>
    Output,
}
