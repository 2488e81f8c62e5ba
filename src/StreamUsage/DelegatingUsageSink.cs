namespace StreamUsage;

/// <summary>The base of sinks that decorate another one: forwards all three calls.</summary>
public abstract class DelegatingUsageSink : IUsageSink
{
    /// <summary>Decorates a sink.</summary>
    /// <param name="innerSink">The sink to forward to.</param>
    /// <exception cref="ArgumentNullException"><paramref name="innerSink"/> is null.</exception>
    protected DelegatingUsageSink(IUsageSink innerSink)
    {
        ArgumentNullException.ThrowIfNull(innerSink);
        InnerSink = innerSink;
    }

    /// <summary>The sink that is decorated.</summary>
    protected IUsageSink InnerSink { get; }

    /// <summary>The sink that is decorated, for finding out what it takes.</summary>
    internal IUsageSink Target => InnerSink;

    /// <inheritdoc/>
    public virtual ValueTask StartedAsync(UsageStart start, CancellationToken cancellationToken) => InnerSink.StartedAsync(start, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) => InnerSink.RecordAsync(record, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask RecordBatchAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken) => InnerSink.RecordBatchAsync(records, cancellationToken);
}
