using System.Diagnostics;
using StreamUsage.Buffers;
using StreamUsage.Diagnostics;

namespace StreamUsage.Delivery;

/// <summary>Delivers each record of a tracker to every sink. Each sink has a queue of its own.</summary>
internal sealed class RecordDelivery
{
    // For callbacks: to run, and to react to their cancellation.
    private static readonly TimeSpan TimeToReport = TimeSpan.FromSeconds(5), TimeToEnd = TimeSpan.FromSeconds(1);

    private static readonly Task<DeliveryResult?> Queued = Task.FromResult<DeliveryResult?>(DeliveryResult.Queued);
    private static readonly Task<DeliveryResult?> Unknown = Task.FromResult<DeliveryResult?>(null);

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
            var calls = new SinkCalls(sink, name, options.SinkTimeout, health, _undelivered, reporter, time);
            var underWay = new BatchesUnderWay();
            var failed = new FailedRecords(calls, health, underWay, retries, _limits, reporter);
            return new SinkQueue(calls, health, failed, underWay, _limits, budget, time, _stop);
        }
    }

    public IReadOnlyList<SinkQueue> Queues => _queues;

    public TimeSpan ShutdownTimeout => _limits.ShutdownTimeout;

    public TimeSpan StartTimeout => _limits.StartTimeout;

    /// <summary>Gets whether a sink may use starts.</summary>
    public bool SupportsStarts => Array.Exists(_queues, static queue => queue.Calls.SupportsStarts);

    /// <summary>Calls the sinks with the start of a response.</summary>
    /// <returns>The call for each sink, completed for a sink that does not use starts; null if none does.</returns>
    public Task[]? Start(UsageStart start, ActivityContext request)
    {
        Task[]? calls = null;
        for (int i = 0; i < _queues.Length; i++)
        {
            if (_queues[i].Calls.SupportsStarts)
            {
                calls ??= [.. Enumerable.Repeat(Task.CompletedTask, _queues.Length)];
                UsageStart own = i == 0 ? start : start with { IsIgnored = false }; // The default StartedAsync marks it.
                calls[i] = _queues[i].Calls.StartAsync(own, request);
            }
        }

        return calls;
    }

    /// <summary>Begins to deliver a record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="pending">Gets a part for each sink.</param>
    /// <param name="starts">The result of <see cref="Start"/>.</param>
    /// <returns>In the background: Queued, or Failed if a queue had no room. Inline: null, because the result comes
    /// from <see cref="PendingRecord.OnEnded"/>.</returns>
    public Task<DeliveryResult?> DeliverAsync(UsageRecord record, PendingRecord pending, Task[]? starts)
    {
        List<Task<bool>>? waiting = null;
        for (int i = 0; i < _queues.Length; i++)
        {
            pending.BeginPart();
            var queued = new QueuedRecord(record, pending, _time.GetTimestamp(), starts?[i], _stop.Abandoned);
            Task<bool> adding = _queues[i].AddAsync(queued);
            if (adding is not { IsCompletedSuccessfully: true, Result: true })
            {
                (waiting ??= []).Add(adding);
            }
        }

        return !_limits.IsBackground ? Unknown : waiting is null ? Queued : WhenAddedAsync(waiting);
    }

    /// <summary>Begins a shutdown: partial batches are sent at once.</summary>
    public Task BeginStopAsync() => _stop.BeginAsync();

    /// <summary>Drops and reports the remaining records. A callback that hangs is waited for at most 6
    /// seconds.</summary>
    /// <param name="whenHandedOver">Returns a task that completes when every sink call has returned.</param>
    public async Task AbandonAsync(Func<Task> whenHandedOver)
    {
        if (whenHandedOver().IsCompleted)
        {
            return;
        }

        await _stop.AbandonAsync().ConfigureAwait(false);
        await whenHandedOver().WaitAsync(TimeToReport, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _stop.EndAsync().ConfigureAwait(false);
        await whenHandedOver().WaitAsync(TimeToEnd, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _undelivered.ReportMissed();
        _stop.Renew();
    }

    private static async Task<DeliveryResult?> WhenAddedAsync(List<Task<bool>> adding) =>
        Array.TrueForAll(await Task.WhenAll(adding).ConfigureAwait(false), static isAdded => isAdded)
            ? DeliveryResult.Queued : DeliveryResult.Failed;
}
