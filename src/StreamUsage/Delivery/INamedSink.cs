namespace StreamUsage.Delivery;

/// <summary>Represents a sink that is logged and measured under another sink's name.</summary>
internal interface INamedSink
{
    string SinkName { get; }
}
