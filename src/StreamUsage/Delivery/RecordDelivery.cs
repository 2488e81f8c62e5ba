using System.Diagnostics;
using StreamUsage.Buffers;
using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Delivers the records of a tracker to every sink, independently of each other.</summary>
internal sealed class RecordDelivery
{
    private static readonly TimeSpan TimeToReport = TimeSpan.FromSeconds(5), TimeToEnd = TimeSpan.FromSeconds(1);

    private static readonly Task<DeliveryResult> Queued = Task.FromResult(DeliveryResult.Queued);

    private readonly SinkQueue[] _queues;
    private readonly DeliveryLimits _limits;
    private readonly DeliveryStop _stop = new();
    private readonly UndeliveredRecords _undelivered;
    private readonly TimeProvider _time;

    public RecordDelivery(IReadOnlyList<IUsageSink> sinks, string trackerName, StreamUsageOptions options, BufferBudget budget,
        UsageReporter reporter, TimeProvider time)
    {
        _time = time;
        _limits = DeliveryLimits.From(options);
        _undelivered = new UndeliveredRecords(options.OnDeliveryFailed, new SinkCaller(options.SinkTimeout, time), reporter, _stop);
        var retries = new DeliveryRetries(options, time);
        _queues = [.. sinks.Zip(SinkNames.Of(sinks, trackerName), CreateQueue)];

        SinkQueue CreateQueue(IUsageSink sink, string name)
        {
            var health = new SinkHealth(name, reporter, time);
            var calls = new SinkCalls(sink, name, new SinkCaller(options.SinkTimeout, time), health, _undelivered, reporter, time);
            var underWay = new BatchesUnderWay();
            var failed = new FailedRecords(calls, health, underWay, retries, _limits, reporter);
            return new SinkQueue(calls, health, failed, underWay, _limits, budget, time, _stop);
        }
    }

    public IReadOnlyList<SinkQueue> Queues => _queues;

    public TimeSpan ShutdownTimeout => _limits.ShutdownTimeout;

    public TimeSpan StartTimeout => _limits.StartTimeout;

    /// <summary>Calls the sinks with a response's start. Returns null if no sink uses starts.</summary>
    public Task[]? Start(UsageStart start, ActivityContext request)
    {
        Task[]? calls = null;
        for (int i = 0; i < _queues.Length; i++)
        {
            if (_queues[i].Calls.TakesStarts)
            {
                calls ??= [.. Enumerable.Repeat(Task.CompletedTask, _queues.Length)];
                calls[i] = _queues[i].Calls.StartAsync(start, request);
            }
        }

        return calls;
    }

    public bool TakesStarts => Array.Exists(_queues, static queue => queue.Calls.TakesStarts);

    /// <summary>Begins to deliver a record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="pending">Gets a part for each sink, which ends when the sink has the record or never will.</param>
    /// <param name="starts">The result of <see cref="Start"/>.</param>
    /// <returns>The result; with several sinks, the worst one.</returns>
    public Task<DeliveryResult> DeliverAsync(UsageRecord record, PendingRecord pending, Task[]? starts)
    {
        if (_queues.Length == 1)
        {
            return DeliverAsync(_queues[0], starts?[0]);
        }

        var results = new Task<DeliveryResult>[_queues.Length];
        for (int i = 0; i < results.Length; i++)
        {
            results[i] = DeliverAsync(_queues[i], starts?[i]);
        }

        return WorstAsync(results);

        Task<DeliveryResult> DeliverAsync(SinkQueue queue, Task? start)
        {
            var queued = new QueuedRecord(record, pending, _time.GetTimestamp(), start, _stop.Abandoned);
            pending.BeginPart();
            return AddAsync(queue, queued);
        }
    }

    /// <summary>Begins a shutdown: partial batches are sent at once.</summary>
    public Task BeginStopAsync() => _stop.BeginAsync();

    /// <summary>Drops and reports the remaining records.</summary>
    /// <param name="whenDelivered">Returns a task that completes when no record is left.</param>
    public async Task AbandonAsync(Func<Task> whenDelivered)
    {
        if (whenDelivered().IsCompleted)
        {
            return;
        }

        await _stop.AbandonAsync().ConfigureAwait(false);
        await whenDelivered().WaitAsync(TimeToReport, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stop.EndAsync().ConfigureAwait(false);
        await whenDelivered().WaitAsync(TimeToEnd, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _undelivered.ReportMissed();
        _stop.Reset();
    }

    private Task<DeliveryResult> AddAsync(SinkQueue queue, QueuedRecord queued)
    {
        ValueTask<bool> adding = queue.AddAsync(queued);
        if (!adding.IsCompletedSuccessfully)
        {
            return WhenAddedAsync();
        }

        return adding.Result && _limits.WaitsForSink ? Queued : queued.WhenEnded();

        async Task<DeliveryResult> WhenAddedAsync() =>
            await adding.ConfigureAwait(false) && _limits.WaitsForSink
                ? DeliveryResult.Queued : await queued.WhenEnded().ConfigureAwait(false);
    }

    private static async Task<DeliveryResult> WorstAsync(Task<DeliveryResult>[] results)
    {
        DeliveryResult[] all = await Task.WhenAll(results).ConfigureAwait(false);
        return Array.Exists(all, static result => result == DeliveryResult.Failed) ? DeliveryResult.Failed : all[0];
    }
}
