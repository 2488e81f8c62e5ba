namespace StreamUsage.Delivery;

/// <summary>A sink that is made anew for each call: what it is like is known once it was made.</summary>
internal interface IScopedSink
{
    Type SinkType { get; }

    SinkShape Shape { get; }
}
