namespace StreamUsage;

/// <summary>A sink that is one function: what <see cref="IUsageSink.RecordAsync"/> would do.</summary>
public sealed class CallbackUsageSink : IUsageSink
{
    private readonly Func<UsageRecord, CancellationToken, ValueTask> _record;

    /// <summary>Makes a sink of a function.</summary>
    /// <param name="record">Takes a record; see <see cref="IUsageSink.RecordAsync"/>.</param>
    /// <exception cref="ArgumentNullException"><paramref name="record"/> is null.</exception>
    public CallbackUsageSink(Func<UsageRecord, CancellationToken, ValueTask> record)
    {
        ArgumentNullException.ThrowIfNull(record);
        _record = record;
    }

    /// <inheritdoc/>
    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) => _record(record, cancellationToken);
}
