using System.Collections.Concurrent;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace Gateway;

/// <summary>Settles the budgets with the records, and sums up for the page what has happened since the start.</summary>
internal sealed class LiveFeed(GatewayOptions options, Budgets budgets) : IUsageSink
{
    private readonly Lock _gate = new();
    private readonly DateTimeOffset _startedAt = DateTimeOffset.UtcNow;
    private readonly ConcurrentDictionary<UsageTracking, UsageContext> _open = new();
    private readonly Queue<double> _firstTokens = new();
    private readonly SortedDictionary<StreamOutcome, int> _outcomes = [];
    private TokenUsage _tokens;
    private decimal _cost;
    private int _undelivered;

    public void AddOpen(UsageTracking tracking, UsageContext context)
    {
        _open[tracking] = context;
        tracking.Completion.ContinueWith(_ => _open.TryRemove(tracking, out UsageContext? _), TaskScheduler.Default);
    }

    public void CountUndelivered() => Interlocked.Increment(ref _undelivered);

    public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken)
    {
        // The answer of a background request has a further record when it ends.
        if (record is { Status: not UsageStatus.Pending, Context: { ApiKeyId: { } keyId, RequestId: { } requestId } })
        {
            budgets.Settle(keyId, requestId, record.StartedAt, record.Cost?.Total);
        }

        lock (_gate)
        {
            _outcomes[record.Outcome] = _outcomes.GetValueOrDefault(record.Outcome) + 1;
            _tokens += record.BilledUsage;
            _cost += record.Cost?.Total ?? 0;
            if (record.TimeToFirstToken is { } first)
            {
                _firstTokens.Enqueue(first.TotalMilliseconds);
                _ = _firstTokens.Count > 1_000 && _firstTokens.TryDequeue(out _);
            }
        }

        return default;
    }

    public async IAsyncEnumerable<SseItem<object>> WatchAsync(
        UsageTracker tracker, CancellationToken stopping, [EnumeratorCancellation] CancellationToken left)
    {
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        // Ends the stream: an open page does not hold up the shutdown.
        using CancellationTokenRegistration stop = stopping.Register(second.Dispose);
        do
        {
            yield return new SseItem<object>(Describe(tracker), "snapshot");
        }
        while (await second.WaitForNextTickAsync(left));
    }

    private object Describe(UsageTracker tracker)
    {
        lock (_gate)
        {
            double[] firstTokens = [.. _firstTokens.Order()];
            double? At(double quantile) => firstTokens is [] ? null : firstTokens[(int)(quantile * (firstTokens.Length - 1))];
            return new
            {
                Time = DateTimeOffset.UtcNow,
                StartedAt = _startedAt,
                OpenCount = _open.Count,
                Open = _open.ToArray().OrderByDescending(static one => one.Value.RequestStartedAt).Take(50).Select(Row).ToArray(),
                Totals = new { Responses = _outcomes.Values.Sum(), _tokens.TotalInputTokens, _tokens.OutputTokens, Cost = _cost },
                Outcomes = _outcomes.ToDictionary(),
                TimeToFirstToken = new { P50 = At(0.5), P95 = At(0.95) },
                Sinks = tracker.GetSinkStatus().Select(Row).ToArray(),
                Undelivered = _undelivered,
                Budgets = options.Keys.Select(budgets.Describe).ToArray(),
            };
        }
    }

    private static object Row(KeyValuePair<UsageTracking, UsageContext> open) => new
    {
        open.Value.UserId,
        open.Value.ApiKeyId,
        open.Value.Provider,
        open.Value.RequestStartedAt,
        Now = open.Key.Current,
    };

    private static object Row(SinkStatus sink) => new
    {
        sink.Sink,
        sink.QueueLength,
        sink.OldestRecordAge,
        sink.FailingSince,
        LastError = sink.LastError?.Message,
    };
}
