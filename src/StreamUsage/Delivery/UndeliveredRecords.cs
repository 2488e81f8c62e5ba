using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>The end of a record that a sink did not get: a line, a count, and the user's own last resort.</summary>
internal sealed class UndeliveredRecords(Func<UsageRecord, CancellationToken, ValueTask>? lastResort, Watchdog watchdog, UsageReporter reporter)
{
    public const string Failed = "failed";
    public const string QueueFull = "queue_full";
    public const string Shutdown = "shutdown";

    private readonly Destination? _lastResort = lastResort is null ? null : new Destination(new DelegateUsageSink(lastResort));

    /// <param name="record">The record.</param>
    /// <param name="destination">Who did not get it.</param>
    /// <param name="reason">Why not.</param>
    /// <param name="attempts">How often it was tried.</param>
    /// <param name="fault">Why the last attempt has failed; null where there was none.</param>
    public async ValueTask TakeAsync(UsageRecord record, Destination destination, string reason, int attempts, Exception? fault)
    {
        await reporter.DroppedAsync(record, destination.Name, reason, attempts, fault).ConfigureAwait(false);
        if (_lastResort is not null && await new RecordCall(_lastResort, record).RunAsync(watchdog).ConfigureAwait(false) is { } again)
        {
            await reporter.CallbackFailedAsync(record.Id, again).ConfigureAwait(false);
        }
    }
}
