namespace StreamUsage.Delivery;

/// <summary>Represents a wrapper that is logged and measured under the name of the sink it wraps.</summary>
internal interface INamedSink
{
    string SinkName { get; }
}
