namespace StreamUsage.Soak;

/// <summary>What is to become of a stream.</summary>
internal enum Fate
{
    /// <summary>A whole answer, read to its end.</summary>
    Complete,

    /// <summary>The client disposes the response or its stream, between two reads or during one.</summary>
    ClientDisposes,

    /// <summary>The client cancels its token during a read, a copy, or while the body is read into a string.</summary>
    ClientCancels,

    /// <summary>The client's own destination fails during a copy.</summary>
    DestinationFails,

    /// <summary>The client disposes the response without reading it.</summary>
    NeverRead,

    /// <summary>The client forgets the response: only the garbage collector finds it.</summary>
    Forgotten,

    /// <summary>The server resets the connection (HTTP/2: the stream).</summary>
    ServerResets,

    /// <summary>The server ends the body properly, but before the answer is complete.</summary>
    ServerEndsEarly,

    /// <summary>The server sends less than the length it has promised.</summary>
    ServerBreaksPromise,

    /// <summary>An error event within the stream.</summary>
    ErrorEvent,

    /// <summary>A body that is no answer.</summary>
    Garbage,

    /// <summary>A body without a byte.</summary>
    Empty,

    /// <summary>The server falls silent until the client has had enough.</summary>
    Stall,

    /// <summary>Status 429, disposed unread.</summary>
    RefusedUnread,

    /// <summary>A status of 400 or above whose body is read.</summary>
    RefusedRead,
}
