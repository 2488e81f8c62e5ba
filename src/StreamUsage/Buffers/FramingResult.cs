namespace StreamUsage.Buffers;

/// <summary>Specifies what a decoder found in its bytes.</summary>
internal enum FramingResult
{
    NeedMore,
    Event,

    /// <summary>The body has ended inside an event's last line. The caller decides whether its data is whole.</summary>
    Unfinished,

    /// <summary>An event over the size limit has ended; its data went to the large-event reader.</summary>
    LargeEvent,

    /// <summary>A line where an event may begin starts with a brace, so it may be JSON without <c>data:</c>. Reading on
    /// treats it as an unknown field, as the standard does.</summary>
    Json,

    /// <summary>The bytes violate their framing, so no more events can be found.</summary>
    Corrupt,
}
