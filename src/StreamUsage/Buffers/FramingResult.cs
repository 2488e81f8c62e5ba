namespace StreamUsage.Buffers;

// In this namespace, since decoders of Sse and of Framing return it.
/// <summary>Specifies what a decoder found in its bytes.</summary>
internal enum FramingResult
{
    /// <summary>Nothing more: all bytes were read.</summary>
    NeedMore,

    /// <summary>A whole event.</summary>
    Event,

    /// <summary>The body has ended inside an event's last line. The caller decides whether its data is whole.</summary>
    Unfinished,

    /// <summary>An event has ended that was not buffered, because of its size or the memory budget. Its data went to
    /// the large-event reader.</summary>
    LargeEvent,

    /// <summary>A line of SSE starts with a brace, and the event has no data so far: it may be JSON without
    /// <c>data:</c>. Reading on treats it as an unknown field, as the standard does.</summary>
    Json,

    /// <summary>The bytes violate their framing, so no more events can be found.</summary>
    Corrupt,
}
