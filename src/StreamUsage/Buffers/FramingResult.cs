namespace StreamUsage.Buffers;

/// <summary>What a decoder found in the bytes it was given.</summary>
internal enum FramingResult
{
    /// <summary>All bytes are taken in, and no event has ended.</summary>
    NeedMore,

    /// <summary>An event has ended; its data is at hand.</summary>
    Event,

    /// <summary>The body has ended in the last line of an event. Whether its data is whole all the same is for the caller to tell.</summary>
    Unfinished,

    /// <summary>An event over the size limit has ended; its data went to the large-event reader.</summary>
    LargeEvent,

    /// <summary>At the position a line begins with a brace where an event might begin: it may be JSON without <c>data:</c>. Reading on takes it as the standard does, as a field that is not known.</summary>
    Json,

    /// <summary>The bytes are not what their framing says: nothing more can be found.</summary>
    Corrupt,
}
