namespace StreamUsage.Framing.Encodings;

/// <summary>Specifies why an encoded body was not decoded to its end.</summary>
internal enum ContentFault
{
    /// <summary>There is no decoder, or there are too many encodings.</summary>
    Unknown,
    Damaged,

    /// <summary>The decoded size is far above that of any event stream.</summary>
    TooLarge,
}
