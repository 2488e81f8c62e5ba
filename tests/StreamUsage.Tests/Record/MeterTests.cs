using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Record;

/// <summary>The meter "StreamUsage": records by outcome, faults by kind, streams open.</summary>
[Collection(AloneCollection.Name)] // Meters are the process's.
public sealed class MeterTests
{
    [Fact]
    public async Task Records_are_counted_by_outcome_and_faults_by_kind()
    {
        using var meters = new Meters();
        var options = new StreamUsageOptions { MeterFactory = meters, MaxDeliveryAttempts = 1 }.AddParser(new ApiFormat("FAULTY"), new FaultyParser(new InvalidOperationException()));
        await using var tracker = new UsageTracker(new FaultySink(record: _ => throw new InvalidOperationException()), options);

        tracker.Track(Stream.Null, Track.Nothing, out UsageTracking first).Dispose();
        await first.Completion;
        await Track.ReadToEndAsync(tracker.Track(new ScriptedStream("data: {}\n\n"), Track.Nothing, out UsageTracking second));
        await second.Completion;

        meters.Measurements.Where(m => m.Name == "streamusage.records").Select(m => (m.Value, m.Tags)).Should().BeEquivalentTo([(1, "ClientAborted"), (1, "Interrupted")]);
        meters.Measurements.Where(m => m.Name == "streamusage.faults").Select(m => (m.Value, m.Tags)).Should().BeEquivalentTo([(1, "sink"), (1, "sink"), (1, "parser")]);
        meters.Measurements.Where(m => m.Name == "streamusage.records.dropped").Select(m => (m.Value, m.Tags)).Should().BeEquivalentTo([(1, "FaultySink,failed"), (1, "FaultySink,failed")]);
    }

    [Fact]
    public async Task A_stream_is_open_until_its_record_was_made()
    {
        using var meters = new Meters();
        var isStarted = new TaskCompletionSource();
        await using var tracker = new UsageTracker(
            new FaultySink(started: _ =>
            {
                isStarted.TrySetResult();
                return ValueTask.CompletedTask;
            }),
            new StreamUsageOptions { MeterFactory = meters });

        Stream tracked = tracker.Track(Stream.Null, Track.Nothing, out UsageTracking tracking);
        await isStarted.Task;
        while (meters.Measurements.All(m => m.Name != "streamusage.streams.open"))
        {
            await Task.Yield(); // Listeners are told beside the sink, not before it.
        }

        meters.Measurements.Where(m => m.Name == "streamusage.streams.open").Sum(m => m.Value).Should().Be(1);
        tracked.Dispose();
        await tracking.Completion;

        meters.Measurements.Where(m => m.Name == "streamusage.streams.open").Sum(m => m.Value).Should().Be(0);
    }

    [Fact]
    public async Task Deliveries_and_retries_are_counted_by_sink()
    {
        using var meters = new Meters();
        int calls = 0;
        var sink = new FaultySink(record: _ => Interlocked.Increment(ref calls) <= 2 ? throw new InvalidOperationException() : ValueTask.CompletedTask);
        await using var tracker = new UsageTracker(sink, new StreamUsageOptions { MeterFactory = meters, RetryDelay = TimeSpan.Zero });

        await Streams.Finish(tracker).Completion;

        meters.Sum("streamusage.records.delivered", "FaultySink").Should().Be(1);
        meters.Sum("streamusage.records.retried", "FaultySink").Should().Be(2);
        meters.Sum("streamusage.faults", "sink").Should().Be(2);
        meters.Measurements.Where(m => m.Name == "streamusage.delivery.duration").Should().ContainSingle().Which.Value.Should().BePositive();
    }

    [Fact]
    public void Trackers_without_a_factory_share_one_meter()
    {
        _ = new UsageTracker(new RecordingSink());
        var published = new ConcurrentBag<Instrument>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, _) => published.Add(instrument) };
        listener.Start();
        int before = Count();

        for (int i = 0; i < 10; i++)
        {
            _ = new UsageTracker(new RecordingSink());
        }

        before.Should().BePositive();
        Count().Should().Be(before);

        int Count() => published.Where(i => i.Meter.Name == "StreamUsage" && i.Meter.Scope == null && i.Name == "streamusage.records").Distinct().Count();
    }
}
