namespace StreamUsage.Parsing;

/// <summary>One event as a parser sees it: spans over the bytes where they lie, valid during the call only.</summary>
public readonly ref struct StreamEvent
{
    /// <summary>Creates an event.</summary>
    /// <param name="type">The event's type in UTF-8; empty where none was named.</param>
    /// <param name="data">The event's data in UTF-8.</param>
    /// <param name="isWholeBody">Whether the data is a JSON object of a body that is not a stream of events: the body
    /// itself, or a line of it.</param>
    public StreamEvent(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data, bool isWholeBody = false)
    {
        Type = type;
        Data = data;
        IsWholeBody = isWholeBody;
    }

    /// <summary>The event's type in UTF-8; empty where none was named.</summary>
    public ReadOnlySpan<byte> Type { get; }

    /// <summary>The event's data in UTF-8. Of an event over <see cref="StreamUsageOptions.MaxEventBytes"/> only what is
    /// short: long strings are cut and long arrays end early.</summary>
    public ReadOnlySpan<byte> Data { get; }

    /// <summary>Whether the data is a JSON object of a body that is not a stream of events: the body itself, or a line
    /// of it, so that an answer in it is whole. The elements of an array are a stream.</summary>
    public bool IsWholeBody { get; }
}
