namespace StreamUsage.Sse;

/// <summary>Represents a server-sent event.</summary>
public readonly struct SseEvent
{
    internal const string DefaultType = "message";

    private readonly string? _eventType;
    private readonly string? _lastEventId;

    /// <summary>Creates an event.</summary>
    /// <param name="eventType">The event's type; null or empty means <c>"message"</c>.</param>
    /// <param name="data">The event's data, its lines joined with LF.</param>
    /// <param name="lastEventId">The last event id of the stream; null for none.</param>
    /// <param name="retry">The reconnection time that was set; null for none.</param>
    public SseEvent(string? eventType, ReadOnlyMemory<byte> data, string? lastEventId = null, TimeSpan? retry = null)
    {
        _eventType = eventType;
        Data = data;
        _lastEventId = lastEventId;
        Retry = retry;
    }

    /// <summary>Gets the event's type; <c>"message"</c> if none was given.</summary>
    public string EventType => string.IsNullOrEmpty(_eventType) ? DefaultType : _eventType;

    /// <summary>Gets the event's data as sent, its lines joined with LF. It is not checked to be UTF-8. The data of an
    /// event from <see cref="SseReader"/> is valid until the next event is requested.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>Gets the last event id of the stream so far; <c>""</c> before any.</summary>
    public string LastEventId => _lastEventId ?? "";

    /// <summary>Gets the reconnection time that was set since the previous delivered event, at most 100 years; null if
    /// none.</summary>
    public TimeSpan? Retry { get; }
}
