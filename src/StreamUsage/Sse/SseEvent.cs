namespace StreamUsage.Sse;

/// <summary>One server-sent event.</summary>
public readonly struct SseEvent
{
    /// <summary>The type where an event names none.</summary>
    internal const string DefaultType = "message";

    private readonly string? _eventType;
    private readonly string? _lastEventId;

    /// <summary>Creates an event.</summary>
    /// <param name="eventType">The event's type; null or empty means <c>"message"</c>.</param>
    /// <param name="data">The event's data, its lines joined with LF.</param>
    /// <param name="lastEventId">The last event id of the stream; null means none.</param>
    /// <param name="retry">The reconnection time that was set; null where none was.</param>
    public SseEvent(string? eventType, ReadOnlyMemory<byte> data, string? lastEventId = null, TimeSpan? retry = null)
    {
        _eventType = eventType;
        Data = data;
        _lastEventId = lastEventId;
        Retry = retry;
    }

    /// <summary>The event's type; <c>"message"</c> where none was named.</summary>
    public string EventType => string.IsNullOrEmpty(_eventType) ? DefaultType : _eventType;

    /// <summary>The event's data as it was sent, its lines joined with LF. Valid until the next event is asked
    /// for.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>The last event id of the stream as of this event; <c>""</c> before any.</summary>
    public string LastEventId => _lastEventId ?? "";

    /// <summary>The reconnection time that was set since the event before; null where none was.</summary>
    public TimeSpan? Retry { get; }
}
