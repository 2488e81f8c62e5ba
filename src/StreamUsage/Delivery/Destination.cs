namespace StreamUsage.Delivery;

/// <summary>One sink of a tracker.</summary>
internal sealed class Destination(IUsageSink sink)
{
    private readonly IScopedSink? _scoped = sink as IScopedSink;
    private readonly SinkShape _shape = sink is IScopedSink ? SinkShape.Unknown : SinkShape.Of(sink);

    public IUsageSink Sink => sink;

    /// <summary>The sink's type, for the log and the meter.</summary>
    public string Name { get; } = (sink as IScopedSink)?.SinkType.Name ?? sink.GetType().Name;

    public SinkShape Shape => _scoped?.Shape ?? _shape;
}
