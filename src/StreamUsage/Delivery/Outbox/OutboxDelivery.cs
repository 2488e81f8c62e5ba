using System.Diagnostics;
using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery.Outbox;

/// <summary>Delivers the records of an outbox, in the order in which they were stored.</summary>
/// <param name="outbox">The outbox.</param>
/// <param name="delivery">Delivers to the sinks.</param>
/// <param name="complete">Prices and reports the record of a response whose process has ended. Never throws.</param>
internal sealed class OutboxDelivery(
    IRecordOutbox outbox, RecordDelivery delivery, Func<UsageRecord, Task<UsageRecord>> complete) : IAsyncDisposable
{
    // In memory. Read in quarters, so that the disk works while the sinks do.
    private const int MaxUnderWay = 4000;

    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _room = new(MaxUnderWay);
    private readonly PendingRecords _underWay = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public IRecordOutbox Outbox => outbox;

    /// <summary>Starts the delivery, outside of the caller's context.</summary>
    public void Start()
    {
        using (ExecutionContext.SuppressFlow())
        {
            _running = Task.Run(RunAsync);
        }
    }

    /// <summary>Gets whether reading has been stopped, so that stored records wait for the next process.</summary>
    public bool IsStopped => _stop.IsCancellationRequested;

    /// <summary>Stops reading. Records that were not read stay in the outbox.</summary>
    public Task StopAsync() => _stop.CancelAsync();

    /// <summary>Returns a task that completes when the sinks are done with the records read so far.</summary>
    public Task WhenEnded() => _underWay.WhenEnded();

    /// <summary>Settles a record that the outbox did not store in time, and that was delivered directly. After a stop,
    /// the row of one that failed stays for the next process.</summary>
    public void SettleDirect(Guid id, DeliveryResult result)
    {
        if (result == DeliveryResult.Delivered || !IsStopped)
        {
            outbox.Settle(id, result);
        }
    }

    /// <summary>Closes the outbox. Waits at most 5 seconds each for a read and for calls that hang.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await _running.WaitAsync(TimeToEnd).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await WhenEnded().WaitAsync(TimeToEnd).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await outbox.DisposeAsync().ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            foreach (OutboxEntry entry in await outbox.ReadAsync(MaxUnderWay / 4, _stop.Token).ConfigureAwait(false))
            {
                if (_stop.IsCancellationRequested)
                {
                    return;
                }

                await ProcessAsync(entry).ConfigureAwait(false);
            }
        }
    }

    // An orphan is stored with its price, and then read again. If it cannot be stored, it is delivered at once; its
    // entry stays on disk until it is settled.
    private async Task ProcessAsync(OutboxEntry entry)
    {
        UsageRecord record = entry.Record;
        if (entry.IsOrphan)
        {
            record = await complete(record).ConfigureAwait(false);
            if (await outbox.StoreAsync(record).ConfigureAwait(false))
            {
                return;
            }
        }

        await _room.WaitAsync(_stop.Token).ConfigureAwait(false);
        var pending = new Entry(this, record.Id, _underWay.Add()) { Activity = UsageActivity.Start(TraceOf(record)) };
        _ = delivery.DeliverAsync(record, pending, starts: null);
        pending.EndReport();
    }

    // Sink calls and log lines continue the request's trace, also in another process.
    private static ActivityContext TraceOf(UsageRecord record) =>
        record.TraceId is not null && ActivityContext.TryParse($"00-{record.TraceId}-{record.SpanId}-00", null, out ActivityContext trace)
            ? trace : default;

    private sealed class Entry(OutboxDelivery owner, Guid id, PendingRecords.Group underWay) : PendingRecord
    {
        public override bool IsStored => true;

        protected override void OnEnded(DeliveryResult result)
        {
            UsageActivity.End(Activity);
            owner._room.Release();
            if (result != DeliveryResult.Stored)
            {
                owner.Outbox.Settle(id, result);
            }

            underWay.RemoveOne();
        }
    }
}
