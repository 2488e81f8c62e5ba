using StreamUsage.Delivery;
using StreamUsage.Diagnostics;
using StreamUsage.Recording.Building;

namespace StreamUsage.Recording;

/// <summary>Stops a tracker: waits for open responses, records the rest, and delivers. When the host's token is
/// canceled, it waits for responses no longer, and delivers for at most 5 seconds.</summary>
internal sealed class TrackerShutdown(
    RecordDispatcher dispatcher, EstimationWorker worker, RecordDelivery delivery, UsageReporter reporter, TimeSpan gracePeriod,
        TimeProvider time)
{
    private static readonly TimeSpan MinDeliveryTime = TimeSpan.FromSeconds(5);

    private readonly object _gate = new();
    private readonly CancellationTokenSource _timeIsOver = new();
    private Task? _stop;

    /// <summary>Begins the shutdown, or returns the one in progress. A call after a finished shutdown also ends the
    /// responses begun since.</summary>
    /// <param name="cancellationToken">Ends the wait for responses, and shortens the delivery.</param>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        // Never unregistered: it lives as long as the token, which is acceptable once or twice a process.
        cancellationToken.UnsafeRegister(static timeIsOver => ((CancellationTokenSource)timeIsOver!).Cancel(), _timeIsOver);
        lock (_gate)
        {
            return _stop is null or { IsCompleted: true } ? _stop = RunAsync() : _stop;
        }
    }

    private async Task RunAsync()
    {
        await WaitAsync(dispatcher.Open.WhenNone(), gracePeriod).ConfigureAwait(false);
        IReadOnlyList<TrackedBody> open = dispatcher.Open.ToList();
        foreach (TrackedBody body in open)
        {
            body.Finish(StreamEnd.ShutDown);
        }

        if (open.Count != 0)
        {
            reporter.ShutDown(open.Count);
        }

        await delivery.BeginStopAsync().ConfigureAwait(false);
        Task delivered = dispatcher.WhenDelivered();
        await WaitAsync(delivered, delivery.ShutdownTimeout).ConfigureAwait(false);

        // Records that wait for an estimate or a price get none, and can be delivered. They have had no time for that.
        bool freesRecords = worker.Stop();
        if (freesRecords || _timeIsOver.IsCancellationRequested)
        {
            TimeSpan share = delivery.ShutdownTimeout < MinDeliveryTime ? delivery.ShutdownTimeout : MinDeliveryTime;
            await dispatcher.WhenDelivered().WaitAsync(share, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (dispatcher.Outbox is { } outbox && !delivered.IsCompletedSuccessfully)
        {
            await outbox.StopAsync().ConfigureAwait(false); // The rest stays on disk.
        }

        await delivery.AbandonAsync(dispatcher.WhenHandedOver).ConfigureAwait(false);
    }

    private async Task WaitAsync(Task task, TimeSpan atMost) =>
        await task.WaitAsync(atMost, time, _timeIsOver.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
