namespace StreamUsage.Framing.Encodings;

/// <summary>Specifies what ended the decoding of a body early.</summary>
internal enum ContentFault
{
    /// <summary>There is no decoder, or there are too many encodings.</summary>
    Unsupported,

    /// <summary>The encoded bytes are damaged, or a decoder could not be created.</summary>
    Damaged,

    /// <summary>The decoded size is far above that of any event stream.</summary>
    TooLarge,
}
