namespace StreamUsage.Recording;

/// <summary>Specifies what ended the reading of a body.</summary>
internal enum StreamEnd
{
    /// <summary>The body was read to its end.</summary>
    EndOfBody,

    /// <summary>The reader disposed, completed or abandoned the body, or the destination of its copy
    /// failed.</summary>
    ReaderLeft,

    /// <summary>A read failed: reset, timeout, premature end.</summary>
    Broke,

    /// <summary>The tracker was stopped.</summary>
    ShutDown,

    /// <summary>The request was sent, and no response came.</summary>
    NoResponse,

    /// <summary>The request was not sent in full, and no response came.</summary>
    NotSent,
}
