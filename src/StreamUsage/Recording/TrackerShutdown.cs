using StreamUsage.Delivery;
using StreamUsage.Diagnostics;

namespace StreamUsage.Recording;

/// <summary>
/// Ends a tracker: waits for responses that are being read, records the rest as they are, and delivers. A host that is out of time
/// ends the waiting, and delivery still gets its share.
/// </summary>
internal sealed class TrackerShutdown(
    RecordDispatcher dispatcher, EstimationWorker worker, RecordDelivery delivery, UsageReporter reporter, TimeSpan gracePeriod, TimeProvider time)
{
    /// <summary>What delivery gets where the host's time is over.</summary>
    private static readonly TimeSpan MinDeliveryTime = TimeSpan.FromSeconds(5);

    private readonly object _gate = new();
    private readonly CancellationTokenSource _hurry = new();
    private Task? _stop;

    /// <summary>Begins the shutdown, or returns the one that is under way. A later one ends what came after the first.</summary>
    /// <param name="cancellationToken">Ends the waiting for responses, and shortens the delivery.</param>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        // Registered for good: the token is a host's, whose end this is.
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
        await WaitAsync(dispatcher.WhenDelivered(), delivery.ShutdownTimeout).ConfigureAwait(false);
        worker.Hurry();
        if (_hurry.IsCancellationRequested)
        {
            TimeSpan share = delivery.ShutdownTimeout < MinDeliveryTime ? delivery.ShutdownTimeout : MinDeliveryTime;
            await dispatcher.WhenDelivered().WaitAsync(share, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await delivery.AbandonAsync(dispatcher.WhenDelivered).ConfigureAwait(false);
    }

    private async Task WaitAsync(Task task, TimeSpan atMost) =>
        await task.WaitAsync(atMost, time, _hurry.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
