namespace StreamUsage.Soak;

/// <summary>How the client reads.</summary>
internal enum ReadMeans
{
    /// <summary>Reads of random size.</summary>
    StreamReads,

    /// <summary>Reads of random size, each after a read into an empty buffer, which waits for bytes and takes
    /// none.</summary>
    ZeroByteReads,

    /// <summary>The content is copied to a destination.</summary>
    ContentCopy,

    /// <summary>The content's stream is copied to a destination.</summary>
    StreamCopy,

    /// <summary>The content is read as a string.</summary>
    AsString,

    /// <summary>The content is read as an array.</summary>
    AsBytes,
}
