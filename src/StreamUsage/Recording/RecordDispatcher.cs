using System.Collections.Concurrent;
using StreamUsage.Delivery;
using StreamUsage.Diagnostics;
using StreamUsage.PassThrough;

namespace StreamUsage.Recording;

/// <summary>What happens beside the byte path: the sinks are told of a start, and at the end the record is made and handed over, whoever waits for it is told, and it is reported, in this order.</summary>
internal sealed class RecordDispatcher(UsageTracker.TrackerSettings settings, IRecordDelivery delivery, Watchdog watchdog, UsageReporter reporter, TimeLimit limit, SteadyTime time) : IThreadPoolWorkItem
{
    private static readonly TimeSpan TimeToMake = TimeSpan.FromSeconds(1), TimeToReport = TimeSpan.FromSeconds(5);

    private readonly OpenBodies _open = new();
    private readonly ConcurrentQueue<TrackedBody> _ended = new();
    private readonly PendingCounter _making = new(), _handingOver = new();
    private Task _lastAdded = Task.CompletedTask;
    private int _endedCount;

    /// <summary>A response has begun.</summary>
    public void Begin(TrackedBody body)
    {
        _open.Add(body);
        reporter.Opened();
        foreach (Destination destination in delivery.Destinations)
        {
            if (destination.Shape.TakesStarts)
            {
                body.Starts = new StartNotifications(delivery.Destinations, ToStart(body), reporter);
                body.Starts.Start(watchdog);
                return;
            }
        }
    }

    private UsageStart ToStart(TrackedBody body) => new()
    {
        Id = body.Id,
        Context = body.Context,
        StartedAt = body.StartedAt,
        EstimateQuote = body.RequestBody.IsEmpty ? null : () => RequestQuote.Of(body.Context with { RequestBody = body.RequestBody }, settings, body.StartedAt),
    };

    /// <summary>A response has ended: makes its record and hands it over, off this thread.</summary>
    public void Complete(TrackedBody body)
    {
        _making.Begin();
        _handingOver.Begin();
        _open.Remove(body); // Under way before it is no longer open: a stop waits for one after the other.
        if (!delivery.KeepsOrder)
        {
            ThreadPool.UnsafeQueueUserWorkItem(body, preferLocal: false);
            return;
        }

        // Begun one after the other, so that their turns are in order.
        _ended.Enqueue(body);
        if (Interlocked.Increment(ref _endedCount) == 1)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    public void HandOver(TrackedBody body) => HandOverAfter(Task.CompletedTask, body);

    void IThreadPoolWorkItem.Execute()
    {
        do
        {
            if (_ended.TryDequeue(out TrackedBody? body))
            {
                _lastAdded = HandOverAfter(_lastAdded, body);
            }
        }
        while (Interlocked.Decrement(ref _endedCount) != 0);
    }

    /// <summary>Waits for bodies that are being read and for records that are on their way, each within its time; what is still being read then is recorded as it is.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await WaitAsync(_open.WhenNone(), settings.ShutdownGracePeriod, cancellationToken).ConfigureAwait(false);
        int ended = 0;
        foreach (TrackedBody body in _open.ToList())
        {
            body.Finish(StreamEnd.ShutDown);
            ended++;
        }

        if (ended != 0)
        {
            await reporter.ShutDownAsync(ended).ConfigureAwait(false);
        }

        await WaitAsync(_handingOver.WhenNone(), settings.SinkTimeout, cancellationToken).ConfigureAwait(false);
        await WaitAsync(_making.WhenNone(), TimeToMake, CancellationToken.None).ConfigureAwait(false); // However hurried: what comes after the delivery's end has nobody who waits for it.
        await delivery.StopAsync(cancellationToken).ConfigureAwait(false);
        await WaitAsync(_handingOver.WhenNone(), TimeToReport, CancellationToken.None).ConfigureAwait(false); // What was left is being reported.
        await WaitAsync(reporter.WhenMeasured(), settings.SinkTimeout, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask WaitAsync(Task task, TimeSpan atMost, CancellationToken cancellationToken) =>
        await task.WaitAsync(atMost, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    // Records are made side by side and handed over in turn: an estimate that takes long holds those behind it, at most its time limit.
    private Task HandOverAfter(Task before, TrackedBody body)
    {
        reporter.Ended(body.Verdict.Outcome);
        ValueTask<(UsageRecord Record, List<Exception> Faults)> building = RecordBuilder.BuildAsync(body, settings, limit);
        if (!building.IsCompletedSuccessfully || !before.IsCompleted)
        {
            return AddInTurnAsync(body, building, before);
        }

        _ = DeliverAsync(body, building.Result); // Never throws.
        return Task.CompletedTask;
    }

    // Ends when the record is in its place, not when it was delivered.
    private async Task AddInTurnAsync(TrackedBody body, ValueTask<(UsageRecord Record, List<Exception> Faults)> building, Task before)
    {
        (UsageRecord Record, List<Exception> Faults) built = await building.ConfigureAwait(false);
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ = DeliverAsync(body, built);
    }

    private async Task DeliverAsync(TrackedBody body, (UsageRecord Record, List<Exception> Faults) built)
    {
        (UsageRecord record, List<Exception> estimateFaults) = built;
        ValueTask<DeliveryResult> delivering = delivery.DeliverAsync(record, body.Starts);
        _making.End();
        DeliveryResult result = await delivering.ConfigureAwait(false);
        body.Complete(record, result);
        if (reporter.ReportsRecords)
        {
            var notes = new RecordNotes
            {
                ParserFault = body.Events.ParserFault,
                ContentFault = body.ContentFault,
                IgnoredCounts = body.Events.IgnoredCounts,
                EstimateFaults = estimateFaults,
            };
            await reporter.RecordedAsync(record, notes).ConfigureAwait(false);
        }

        _handingOver.End();
    }
}
