using StreamUsage.Recording;


namespace StreamUsage;

/// <summary>The live handle of a tracked response. Safe to use from any thread; holding it does not keep the response's content alive.</summary>
public sealed class UsageTracking
{
    private static readonly Task<UsageRecord> NoRecord = Task.FromCanceled<UsageRecord>(new CancellationToken(canceled: true));
    private static readonly Task<DeliveryResult> NoDelivery = Task.FromCanceled<DeliveryResult>(new CancellationToken(canceled: true));

    private readonly TrackedBody? _body;

    internal UsageTracking(TrackedBody body) => _body = body;

    private UsageTracking()
    {
    }

    /// <summary>The state so far; after the record was handed over, what it says.</summary>
    public UsageSnapshot Current => _body?.Snapshot() ?? new UsageSnapshot();

    /// <summary>
    /// The final record, once it was handed over: the sink's attempt has ended, or the record was queued or stored. Completes even where that failed.
    /// Cancelled where the response was not tracked (status 101). The same task each time.
    /// </summary>
    public Task<UsageRecord> Completion => _body?.Completion ?? NoRecord;

    /// <summary>How the hand-over ended. Cancelled where the response was not tracked (status 101).</summary>
    public Task<DeliveryResult> Delivery => _body?.DeliveryResult ?? NoDelivery;

    internal static UsageTracking Untracked { get; } = new();

    /// <summary>Gets the body that the handle is of; null if the response is not tracked.</summary>
    internal TrackedBody? Body => _body;

    /// <summary>Marks the exchange as failed, for a reason that only the caller knows. The record's status, status code and message follow it; its outcome stays what the body's was.</summary>
    /// <param name="statusCode">The status to report, 100 to 599.</param>
    /// <param name="message">The reason.</param>
    /// <returns>False where the body has ended already and its record says something else.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="statusCode"/> is no HTTP status.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="message"/> is null.</exception>
    public bool Fail(int statusCode, string message)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(statusCode, 100);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(statusCode, 599);
        ArgumentNullException.ThrowIfNull(message);
        return _body?.Fail(statusCode, message) ?? false;
    }
}
