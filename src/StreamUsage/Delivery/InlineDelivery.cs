using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Hands each record to each sink at once, and again where that fails. Sinks do not wait for each other. A record that comes while too many are on their way to a sink that is slow is not handed to it.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "The source has no timer, and is asked after the end.")]
internal sealed class InlineDelivery(Destination[] destinations, Watchdog watchdog, RetryPlan retries, UndeliveredRecords undelivered, UsageReporter reporter, TimeProvider time) : IRecordDelivery
{
    private readonly CancellationTokenSource _stopping = new();

    public Destination[] Destinations => destinations;

    public bool KeepsOrder => false;

    public ValueTask<DeliveryResult> DeliverAsync(UsageRecord record, StartNotifications starts) =>
        destinations.Length == 1 ? DeliverAsync(destinations[0], record, starts) : DeliverToAllAsync(record, starts);

    /// <summary>What no sink has taken by now is left: it is reported, not tried any longer.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _stopping.CancelAsync();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<DeliveryResult> DeliverAsync(Destination destination, UsageRecord record, StartNotifications starts)
    {
        if (!destination.TryEnter())
        {
            await undelivered.TakeAsync(record, destination, UndeliveredRecords.QueueFull, attempts: 0, fault: null).ConfigureAwait(false);
            return DeliveryResult.Failed;
        }

        try
        {
            if (starts.Find(destination) is { } start)
            {
                await start.WaitAsync().ConfigureAwait(false);
            }

            long? since = reporter.ReportsDeliveries ? time.GetTimestamp() : null;
            Exception? fault = await new RecordCall(destination, record).RunAsync(watchdog, UntilStop).ConfigureAwait(false);
            if (fault is not null && !await RetryAsync(destination, record, fault).ConfigureAwait(false))
            {
                return DeliveryResult.Failed;
            }

            if (since is { } began)
            {
                reporter.Delivered(destination.Name, [time.GetElapsedTime(began)]);
            }

            return DeliveryResult.Delivered;
        }
        finally
        {
            destination.Leave();
        }
    }

    private async ValueTask<DeliveryResult> DeliverToAllAsync(UsageRecord record, StartNotifications starts)
    {
        var deliveries = new Task<DeliveryResult>[destinations.Length];
        for (int i = 0; i < deliveries.Length; i++)
        {
            deliveries[i] = DeliverAsync(destinations[i], record, starts).AsTask();
        }

        DeliveryResult[] results = await Task.WhenAll(deliveries).ConfigureAwait(false);
        return Array.Exists(results, result => result == DeliveryResult.Failed) ? DeliveryResult.Failed : DeliveryResult.Delivered;
    }

    private async ValueTask<bool> RetryAsync(Destination destination, UsageRecord record, Exception first)
    {
        reporter.AttemptFailed();
        (Exception? fault, int attempts) = await retries.GoOnAsync(first, AttemptAsync, _stopping.Token).ConfigureAwait(false);
        if (fault is null)
        {
            return true;
        }

        await undelivered.TakeAsync(record, destination, _stopping.IsCancellationRequested ? UndeliveredRecords.Shutdown : UndeliveredRecords.Failed, attempts, fault).ConfigureAwait(false);
        return false;

        async ValueTask<Exception?> AttemptAsync()
        {
            reporter.Retried(destination.Name, 1);
            Exception? again = await new RecordCall(destination, record).RunAsync(watchdog, UntilStop).ConfigureAwait(false);
            if (again is not null)
            {
                reporter.AttemptFailed();
            }

            return again;
        }
    }

    // The record of a response that has outlived its tracker is tried all the same.
    private CancellationToken UntilStop => _stopping.IsCancellationRequested ? CancellationToken.None : _stopping.Token;
}
