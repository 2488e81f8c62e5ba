namespace StreamUsage.Framing.Templates;

/// <summary>Represents a part of a template in which events differ. Kept at eight bytes, as an open stream holds
/// several.</summary>
/// <param name="Start">The start in the sample.</param>
/// <param name="End">The end in the sample.</param>
/// <param name="Kind">The kind of content.</param>
/// <param name="Output">The <see cref="Parsing.OutputKind"/> of an output slot.</param>
/// <param name="Choice">The choice of an output slot.</param>
internal readonly record struct TemplateSlot(ushort Start, ushort End, SlotKind Kind, byte Output = 0, ushort Choice = 0)
{
    /// <summary>Gets whether the content is a number; else it is a string.</summary>
    public bool IsNumeric => Kind is SlotKind.Number or SlotKind.Count;
}

/// <summary>Specifies the content of a slot.</summary>
internal enum SlotKind : byte
{
    /// <summary>An integer that does not change what the parser does.</summary>
    Number,

    /// <summary>A count that the parser puts into the state.</summary>
    Count,

    /// <summary>A string that does not change what the parser does.</summary>
    Unread,

    /// <summary>Text that the parser reports.</summary>
    Output,
}
