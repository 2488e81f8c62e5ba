namespace StreamUsage;

/// <summary>Represents a sink that calls one function for each record.</summary>
public sealed class CallbackUsageSink : IUsageSink
{
    private readonly Func<UsageRecord, CancellationToken, ValueTask> _callback;

    /// <summary>Creates a sink from a function.</summary>
    /// <param name="record">Is called with each record; see <see cref="IUsageSink.RecordAsync"/>.</param>
    /// <exception cref="ArgumentNullException"><paramref name="record"/> is null.</exception>
    public CallbackUsageSink(Func<UsageRecord, CancellationToken, ValueTask> record)
    {
        ArgumentNullException.ThrowIfNull(record);
        _callback = record;
    }

    /// <inheritdoc/>
    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) => _callback(record, cancellationToken);
}
