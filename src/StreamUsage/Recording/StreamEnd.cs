namespace StreamUsage.Recording;

/// <summary>Specifies what ended the reading of a body.</summary>
internal enum StreamEnd
{
    EndOfBody,

    /// <summary>The reader disposed, completed or abandoned the body, or its own destination failed.</summary>
    ReaderLeft,

    /// <summary>A read failed: reset, timeout, premature end.</summary>
    Broke,
    ShutDown,

    /// <summary>The request was sent, and no response came.</summary>
    NoResponse,

    /// <summary>The request was not sent in full, and no response came.</summary>
    NotSent,
}
