using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Puts each record into a queue of each sink, from which it goes out in batches. A sink that is down fills its own queue and no other's.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "StopAsync is the end.")]
internal sealed class BackgroundDelivery : IRecordDelivery
{
    private static readonly TimeSpan TimeToReport = TimeSpan.FromSeconds(5), TimeToEnd = TimeSpan.FromSeconds(1);

    private readonly InlineDelivery _direct;
    private readonly UndeliveredRecords _undelivered;
    private readonly SteadyTime _time;
    private readonly DeliveryStop _stop;
    private readonly TimeSpan _drainTimeout;
    private readonly SinkQueue[] _queues;
    private readonly QueueMeter _meter;

    /// <param name="options">The queue's limits.</param>
    /// <param name="direct">For records that come when the queues are closed.</param>
    /// <param name="undelivered">For records that find no room.</param>
    /// <param name="makeDelivery">How batches get to a sink.</param>
    /// <param name="stop">The end.</param>
    /// <param name="time">The clock.</param>
    /// <param name="meterFactory">Where the meter is made; null means a meter of its own.</param>
    public BackgroundDelivery(
        BackgroundDeliveryOptions options, InlineDelivery direct, UndeliveredRecords undelivered, Func<Destination, BatchDelivery> makeDelivery, DeliveryStop stop, SteadyTime time, IMeterFactory? meterFactory)
    {
        _direct = direct;
        _undelivered = undelivered;
        _time = time;
        _stop = stop;
        _drainTimeout = options.ShutdownTimeout;
        _queues =
        [
            .. direct.Destinations.Select(destination =>
                new SinkQueue(destination, options, time, queue => new QueueReader(destination, queue, options, makeDelivery(destination), undelivered, stop, time))),
        ];
        _meter = new QueueMeter(meterFactory, () => _queues.Select(static queue => (queue.Destination.Name, queue.Length, queue.OldestAge)));
    }

    public Destination[] Destinations => _direct.Destinations;

    public bool KeepsOrder => true;

    public ValueTask<DeliveryResult> DeliverAsync(UsageRecord record, StartNotifications starts)
    {
        if (_queues.Length > 1)
        {
            return AddToAllAsync(record, starts);
        }

        ValueTask<SinkQueue.Admission> adding = _queues[0].AddAsync(record, starts.Find(_queues[0].Destination));
        return adding is { IsCompletedSuccessfully: true, Result: SinkQueue.Admission.Queued } ? new(DeliveryResult.Queued) : FinishAsync(_queues[0], adding, record, starts);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.BeginAsync().ConfigureAwait(false);
        long began = _time.GetTimestamp();
        Task admitted = Task.WhenAll(_queues.Select(static queue => queue.WhenNoneWaits()));
        Task emptied = Task.WhenAll(_queues.Select(static queue => queue.Emptied));
        await WaitAsync(admitted, _drainTimeout, cancellationToken).ConfigureAwait(false);
        if (admitted.IsCompleted && !cancellationToken.IsCancellationRequested)
        {
            Close();
            long left = _drainTimeout.Ticks - _time.GetElapsedTime(began).Ticks;
            await WaitAsync(emptied, TimeSpan.FromTicks(Math.Clamp(left, 0, _drainTimeout.Ticks)), cancellationToken).ConfigureAwait(false); // A clock that failed meanwhile says anything.
        }

        if (!emptied.IsCompleted)
        {
            await _stop.AbandonAsync().ConfigureAwait(false);
            await WaitAsync(admitted, TimeToReport, CancellationToken.None).ConfigureAwait(false); // What waits for room is left over too.
            Close();
            await WaitAsync(emptied, TimeToReport, CancellationToken.None).ConfigureAwait(false);
            await _stop.EndAsync().ConfigureAwait(false);
            await WaitAsync(emptied, TimeToEnd, CancellationToken.None).ConfigureAwait(false);
        }

        await _direct.StopAsync(cancellationToken).ConfigureAwait(false);
        _meter.Dispose();
    }

    private void Close()
    {
        foreach (SinkQueue queue in _queues)
        {
            queue.Close();
        }
    }

    // All queues are asked before any is waited for.
    private async ValueTask<DeliveryResult> AddToAllAsync(UsageRecord record, StartNotifications starts)
    {
        var results = new Task<DeliveryResult>[_queues.Length];
        for (int i = 0; i < results.Length; i++)
        {
            results[i] = FinishAsync(_queues[i], _queues[i].AddAsync(record, starts.Find(_queues[i].Destination)), record, starts).AsTask();
        }

        await Task.WhenAll(results).ConfigureAwait(false);
        return Array.Exists(results, static result => result.Result == DeliveryResult.Failed) ? DeliveryResult.Failed : DeliveryResult.Queued;
    }

    private async ValueTask<DeliveryResult> FinishAsync(SinkQueue queue, ValueTask<SinkQueue.Admission> adding, UsageRecord record, StartNotifications starts)
    {
        switch (await adding.ConfigureAwait(false))
        {
            case SinkQueue.Admission.Queued:
                return DeliveryResult.Queued;

            case SinkQueue.Admission.Closed:
                return await _direct.DeliverAsync(queue.Destination, record, starts).ConfigureAwait(false); // The response has outlived its tracker.

            default:
                await _undelivered.TakeAsync(record, queue.Destination, UndeliveredRecords.QueueFull, attempts: 0, fault: null).ConfigureAwait(false);
                return DeliveryResult.Failed;
        }
    }

    private async ValueTask WaitAsync(Task emptied, TimeSpan limit, CancellationToken cancellationToken) =>
        await emptied.WaitAsync(limit, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
