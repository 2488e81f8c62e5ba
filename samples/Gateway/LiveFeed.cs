using System.Collections.Concurrent;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace Gateway;

/// <summary>Sums up for the page what has happened since the start.</summary>
internal sealed class LiveFeed(GatewayOptions options, Budgets budgets)
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

    public void Add(UsageRecord record)
    {
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
                Open = _open.ToArray().OrderByDescending(static one => one.Value.RequestStartedAt).Take(50).Select(static one => new
                {
                    one.Value.UserId,
                    one.Value.ApiKeyId,
                    one.Value.Provider,
                    one.Value.RequestStartedAt,
                    Now = one.Key.Current,
                }).ToArray(),
                Totals = new
                {
                    Responses = _outcomes.Values.Sum(),
                    InputTokens = _tokens.TotalInputTokens,
                    _tokens.OutputTokens,
                    Cost = _cost,
                },
                Outcomes = _outcomes.ToDictionary(),
                TimeToFirstToken = new { P50 = At(0.5), P95 = At(0.95) },
                Sinks = tracker.GetSinkStatus().Select(static sink => new
                {
                    sink.Sink,
                    sink.QueueLength,
                    sink.OldestRecordAge,
                    sink.FailingSince,
                    LastError = sink.LastError?.Message,
                }).ToArray(),
                Undelivered = _undelivered,
                Budgets = options.Keys.Select(budgets.Describe).ToArray(),
            };
        }
    }
}
