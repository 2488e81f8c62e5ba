using StreamUsage.Benchmarks.Workloads;

namespace StreamUsage.Benchmarks.Contenders;

/// <summary>Tracks a stream and reads it to its end in the caller's loop. The record is made on another thread, which
/// is not timed: see the stream command.</summary>
internal sealed class Ours : Contender
{
    private static readonly UsageContext Context = new() { RequestId = "benchmark" };

    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly CountingSink _sink = new();
    private readonly UsageTracker _tracker;
    private Stream _body = null!;
    private UsageTracking _tracking = null!;
    private long _bytes;

    private readonly bool _keepsMessage;

    public Ours(bool keepsMessage = false)
    {
        _keepsMessage = keepsMessage;
        _tracker = new UsageTracker(_sink, new StreamUsageOptions
        {
            Capture = keepsMessage ? CapturedContent.Headers | CapturedContent.Message : CapturedContent.Headers,
        });
    }

    public override string Key => _keepsMessage ? "message" : "ours";

    public override string Name => _keepsMessage ? "ours, message kept" : "ours";

    public override void Open(Workload workload, ScriptedStream body)
    {
        _bytes = 0;
        _body = _tracker.Track(body, Context, out _tracking);
    }

    public override void Read()
    {
        int length;
        while ((length = _body.Read(_buffer)) != 0)
        {
            _bytes += length;
        }
    }

    public override void AwaitRecord() => _tracking.Completion.GetAwaiter().GetResult();

    public override string? FindFault(Workload workload)
    {
        UsageRecord record = _tracking.Completion.GetAwaiter().GetResult();
        TokenUsage usage = record.Usage;
        var found = new Totals(
            usage.InputTokens, usage.CacheReadInputTokens, usage.CacheCreationInputTokens, usage.OutputTokens, record.OutputCharacters);
        return Compare("bytes", workload.Body.Length, _bytes)
            ?? Compare("events", workload.EventCount, record.EventCount)
            ?? Compare("totals", workload.Totals, found)
            ?? (record.Outcome == StreamOutcome.Completed && record.OutputSource == TokenSource.Reported
                ? null : $"outcome {record.Outcome}, output {record.OutputSource}");
    }

    public override void Dispose()
    {
        _tracker.DisposeAsync().AsTask().Wait();
        base.Dispose();
    }
}
