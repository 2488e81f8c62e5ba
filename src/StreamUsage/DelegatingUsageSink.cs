namespace StreamUsage;

/// <summary>Represents the base of sinks that decorate another sink. Forwards every call.</summary>
/// <remarks>A decorator that changes or filters records must override both <see cref="RecordAsync"/> and
/// <see cref="RecordBatchAsync"/>. A batch is forwarded as a batch, without <see cref="RecordAsync"/>.</remarks>
public abstract class DelegatingUsageSink : IUsageSink
{
    /// <summary>Creates a decorator.</summary>
    /// <param name="innerSink">The sink to forward to.</param>
    /// <exception cref="ArgumentNullException"><paramref name="innerSink"/> is null.</exception>
    protected DelegatingUsageSink(IUsageSink innerSink)
    {
        ArgumentNullException.ThrowIfNull(innerSink);
        InnerSink = innerSink;
    }

    /// <summary>Gets the decorated sink.</summary>
    protected IUsageSink InnerSink { get; }

    /// <inheritdoc/>
    public virtual ValueTask StartedAsync(UsageStart start, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(start);

        // A copy: an inner sink without starts marks the start that it gets as ignored.
        return InnerSink.StartedAsync(start with { }, cancellationToken);
    }

    /// <inheritdoc/>
    public virtual ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) =>
        InnerSink.RecordAsync(record, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask RecordBatchAsync(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken) =>
        InnerSink.RecordBatchAsync(records, cancellationToken);
}
