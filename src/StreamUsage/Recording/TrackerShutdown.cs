using StreamUsage.Delivery;
using StreamUsage.Diagnostics;

namespace StreamUsage.Recording;

/// <summary>Stops a tracker: waits for open responses, records the rest, and delivers. If the host's time is over, the
/// waiting ends, and the delivery still gets its minimum.</summary>
internal sealed class TrackerShutdown(
    RecordDispatcher dispatcher, EstimationWorker worker, RecordDelivery delivery, UsageReporter reporter, TimeSpan gracePeriod,
        TimeProvider time)
{
    private static readonly TimeSpan MinDeliveryTime = TimeSpan.FromSeconds(5);

    private readonly object _gate = new();
    private readonly CancellationTokenSource _hurry = new();
    private Task? _stop;

    /// <summary>Begins the shutdown, or returns the one in progress. A later one ends what came after the
    /// first.</summary>
    /// <param name="cancellationToken">Ends the wait for responses, and shortens the delivery.</param>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        // Never unregistered: the token ends with its host.
        cancellationToken.UnsafeRegister(static hurry => ((CancellationTokenSource)hurry!).Cancel(), _hurry);
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
        worker.Hurry();
        if (_hurry.IsCancellationRequested)
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
        await task.WaitAsync(atMost, time, _hurry.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
