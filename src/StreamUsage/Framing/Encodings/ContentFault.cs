namespace StreamUsage.Framing.Encodings;

/// <summary>Why a body under a Content-Encoding was not decoded to its end.</summary>
internal enum ContentFault
{
    /// <summary>There is no decoder for it, or there are too many encodings on top of each other.</summary>
    Unknown,

    /// <summary>The bytes are not what the encoding would make.</summary>
    Damaged,

    /// <summary>It decodes to far more than any stream of events does.</summary>
    TooLarge,
}
