using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Recording;

/// <summary>The meter "StreamUsage": records by outcome, faults by kind, streams open.</summary>
[Collection(AloneCollection.Name)] // Meters are the process's.
public sealed class MeterTests
{
    [Fact]
    public async Task Records_are_counted_by_outcome_and_faults_by_kind()
    {
        using var meters = new Meters();
        var options = new StreamUsageOptions { MeterFactory = meters, MaxDeliveryAttempts = 1 }
            .AddParser(new ApiFormat("FAULTY"), new FaultyParser(new InvalidOperationException()));
        await using var tracker = new UsageTracker(new FaultySink(record: _ => throw new InvalidOperationException()), options);

        tracker.Track(Stream.Null, Track.Nothing, out UsageTracking first).Dispose();
        await first.Completion;
        await Track.ReadToEndAsync(tracker.Track(new ScriptedStream("data: {}\n\n"), Track.Nothing, out UsageTracking second));
        await second.Completion;
        await tracker.DisposeAsync(); // What is logged and counted follows.

        meters.Sums("streamusage.records").Should().BeEquivalentTo([("ClientAborted", 1), ("Interrupted", 1)]);
        meters.Sums("streamusage.faults").Should().BeEquivalentTo([("sink", 2), ("parser", 1)]);
        meters.Sums("streamusage.records.dropped").Should().BeEquivalentTo([("FaultySink,failed", 2)]);
    }

    [Fact]
    public async Task A_stream_is_open_until_it_has_ended_and_counts_then_whatever_its_sink_does()
    {
        using var meters = new Meters();
        var mayEnd = new TaskCompletionSource();
        await using var tracker = new UsageTracker(
            new FaultySink(record: _ => new ValueTask(mayEnd.Task)), new StreamUsageOptions { MeterFactory = meters });

        Stream tracked = tracker.Track(Stream.Null, Track.Nothing, out UsageTracking tracking);
        Open().Should().Be(1);
        tracked.Dispose();

        Open().Should().Be(0, "the sink has not answered yet");
        tracking.Completion.IsCompleted.Should().BeFalse();
        mayEnd.SetResult();
        await tracking.Completion;

        double Open()
        {
            meters.Observe();
            return meters.Last("streamusage.streams.open");
        }
    }

    [Fact]
    public async Task A_listener_that_comes_late_is_told_of_all_that_are_open()
    {
        using var meters = new Meters(isOn: false);
        await using var tracker = new UsageTracker(
            new CallbackUsageSink((_, _) => default), new StreamUsageOptions { MeterFactory = meters });
        Stream[] open = [.. Enumerable.Range(0, 3).Select(_ => tracker.Track(Stream.Null, Track.Nothing, out UsageTracking _))];

        meters.Start();
        await Streams.Finish(tracker).Completion;

        meters.Observe();
        meters.Last("streamusage.streams.open").Should().Be(3);
        Array.ForEach(open, stream => stream.Dispose());
        meters.Observe();
        meters.Last("streamusage.streams.open").Should().Be(0);
    }

    [Fact]
    public async Task A_listener_that_throws_costs_no_record()
    {
        using var meters = new Meters { Before = () => throw new InvalidOperationException() };
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink, new StreamUsageOptions { MeterFactory = meters });

        (await Streams.Finish(tracker).Delivery).Should().Be(DeliveryResult.Delivered);
    }

    [Fact]
    public async Task Deliveries_and_retries_are_counted_by_sink()
    {
        using var meters = new Meters();
        int calls = 0;
        var sink = new FaultySink(
            record: _ => Interlocked.Increment(ref calls) <= 2 ? throw new InvalidOperationException() : ValueTask.CompletedTask);
        await using var tracker = new UsageTracker(sink, new StreamUsageOptions { MeterFactory = meters, RetryDelay = TimeSpan.Zero });

        await Streams.Finish(tracker).Completion;
        await tracker.DisposeAsync(); // What is logged and counted follows.

        meters.Sum("streamusage.records.delivered", "FaultySink").Should().Be(1);
        meters.Sum("streamusage.records.retried", "FaultySink").Should().Be(2);
        meters.Sum("streamusage.faults", "sink").Should().Be(2);
        meters.Measurements.Where(m => m.Name == "streamusage.delivery.duration")
            .Should().ContainSingle().Which.Value.Should().BePositive();
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

        int Count() => published.Where(i => i.Meter.Name == "StreamUsage" && i.Meter.Scope == null && i.Name == "streamusage.records")
            .Distinct().Count();
    }

}
