using StreamUsage.Recording;

namespace StreamUsage;

/// <summary>Represents the live handle of a tracked response. Thread-safe; it does not keep the content
/// alive.</summary>
public sealed class UsageTracking
{
    private static readonly Task<UsageRecord> NoRecord = Task.FromCanceled<UsageRecord>(new CancellationToken(canceled: true));
    private static readonly Task<DeliveryResult> NoDelivery = Task.FromCanceled<DeliveryResult>(new CancellationToken(canceled: true));

    private readonly TrackedBody? _body;

    internal UsageTracking(TrackedBody body) => _body = body;

    private UsageTracking()
    {
    }

    /// <summary>Gets the state so far; once <see cref="Completion"/> has completed, the figures of the
    /// record.</summary>
    public UsageSnapshot Current => _body?.Snapshot() ?? new UsageSnapshot();

    /// <summary>Gets the task of the final record. It completes when the record was delivered, queued or stored, or its
    /// delivery failed.</summary>
    /// <remarks>The task never faults. It is canceled if there is no record: either the response is not tracked (status
    /// 101), or it is a fetch of a stored answer that another response bills.</remarks>
    public Task<UsageRecord> Completion => _body?.Completion ?? NoRecord;

    /// <summary>Gets the task of the delivery's result. Like <see cref="Completion"/>, it never faults, and is canceled
    /// if there is no record.</summary>
    public Task<DeliveryResult> Delivery => _body?.DeliveryResult ?? NoDelivery;

    internal static UsageTracking Untracked { get; } = new();

    /// <summary>Gets the handle that another tracker gave the same response before; null if none.</summary>
    internal UsageTracking? Earlier { get; init; }

    /// <summary>Gets the tracked body; null if the response is not tracked.</summary>
    internal TrackedBody? Body => _body;

    /// <summary>Marks the exchange as failed. Changes the record's status, status code and error message, but neither
    /// its outcome nor its error type.</summary>
    /// <param name="statusCode">The status to report, 100 to 599. The record is <see cref="UsageStatus.Failed"/> with
    /// any of them.</param>
    /// <param name="message">The reason.</param>
    /// <returns>False if the body has ended, so call it before the read that reports the end. False also if the
    /// response is not tracked.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="statusCode"/> is not an HTTP status.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="message"/> is null.</exception>
    public bool Fail(int statusCode, string message)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(statusCode, 100);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(statusCode, 599);
        ArgumentNullException.ThrowIfNull(message);
        return _body?.MarkFailed(statusCode, message) ?? false;
    }
}
