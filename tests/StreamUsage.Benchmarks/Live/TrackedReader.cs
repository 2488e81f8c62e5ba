using StreamUsage.Benchmarks.Contenders;
using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Live;

/// <summary>Ours, with the options as they are by default and a sink that only counts. A stream is read when its record
/// is there, and right.</summary>
internal sealed class TrackedReader : LiveReader
{
    private readonly CountingSink _sink = new();
    private readonly UsageTracker _tracker;
    private long _streams;

    public TrackedReader() => _tracker = new UsageTracker(_sink);

    public override string Name => "tracked";

    public override async Task ReadAsync(HttpResponseMessage response, Workload workload, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _streams);
        UsageTracking tracking = response.TrackUsage(_tracker, new UsageContext { RequestId = "benchmark" });
        await ReadBodyAsync(response, workload, null, cancellationToken);
        Check(await tracking.Completion.WaitAsync(cancellationToken), workload);
    }

    public override async ValueTask<string?> FinishAsync()
    {
        await _tracker.DisposeAsync();
        return _sink.Recorded == _streams ? null : $"records: expected {_streams}, found {_sink.Recorded}";
    }

    /// <exception cref="WrongAnswerException">The record is not that of a whole stream of the workload.</exception>
    public static void Check(UsageRecord record, Workload workload)
    {
        TokenUsage usage = record.Usage;
        var found = new Totals(
            usage.InputTokens, usage.CacheReadInputTokens, usage.CacheCreationInputTokens, usage.OutputTokens, record.OutputCharacters);
        Check("totals", workload.Totals, found);
        Check("events", workload.EventCount, record.EventCount);
        Check("bytes in the record", workload.Body.Length, record.BytesReceived);
        Check("outcome and source", (StreamOutcome.Completed, TokenSource.Reported), (record.Outcome, record.OutputSource));
    }
}
