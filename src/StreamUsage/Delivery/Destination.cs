namespace StreamUsage.Delivery;

/// <summary>One sink of a tracker.</summary>
/// <param name="sink">The sink.</param>
/// <param name="name">What the log and the meter call it.</param>
internal sealed class Destination(IUsageSink sink, string name)
{
    /// <summary>How many records are on their way to the sink at most where no queue holds them.</summary>
    public const int MaxRecords = CallThreads.MaxCalls;

    private readonly IScopedSink? _scoped = sink as IScopedSink;
    private readonly SinkShape _shape = sink is IScopedSink ? SinkShape.Unknown : SinkShape.Of(sink);
    private int _records;

    public IUsageSink Sink => sink;

    public string Name => name;

    /// <summary>Where its calls begin.</summary>
    public CallThreads Threads { get; } = new();

    public SinkShape Shape => _scoped?.Shape ?? _shape;

    /// <summary>A record is on its way to the sink, until <see cref="Leave"/>; false where too many are.</summary>
    public bool TryEnter()
    {
        bool hasRoom = Interlocked.Increment(ref _records) <= MaxRecords;
        if (!hasRoom)
        {
            Leave();
        }

        return hasRoom;
    }

    public void Leave() => Interlocked.Decrement(ref _records);
}
