namespace StreamUsage.Parsing;

/// <summary>Represents one event for a parser. Its spans are valid only during the call.</summary>
public readonly ref struct StreamEvent
{
    /// <summary>Creates an event.</summary>
    /// <param name="type">The event's type in UTF-8; empty if none.</param>
    /// <param name="data">The event's data in UTF-8.</param>
    /// <param name="isWholeBody">Whether the data is a whole JSON object of a body that is not an event stream.</param>
    public StreamEvent(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data, bool isWholeBody = false)
    {
        Type = type;
        Data = data;
        IsWholeBody = isWholeBody;
    }

    /// <summary>Gets the event's type in UTF-8; empty if none.</summary>
    public ReadOnlySpan<byte> Type { get; }

    /// <summary>Gets the event's data in UTF-8. In an event over <see cref="StreamUsageOptions.MaxEventBytes"/>, long
    /// strings and arrays are cut.</summary>
    public ReadOnlySpan<byte> Data { get; }

    /// <summary>Gets whether the data is a JSON body or a line of one, so that its answer is whole. The elements of a
    /// JSON array are a stream.</summary>
    public bool IsWholeBody { get; }
}
