using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Record;

/// <summary>The meter "StreamUsage": records by outcome, faults by kind, streams open.</summary>
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

        meters.Measurements.Where(m => m.Name == "streamusage.records").Should().BeEquivalentTo([new Measured("streamusage.records", 1, "ClientAborted"), new Measured("streamusage.records", 1, "Interrupted")]);
        meters.Measurements.Where(m => m.Name == "streamusage.faults").Should().BeEquivalentTo(
            [new Measured("streamusage.faults", 1, "sink"), new Measured("streamusage.faults", 1, "sink"), new Measured("streamusage.faults", 1, "parser")]);
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
        meters.Open.Should().Be(1);
        tracked.Dispose();
        await tracking.Completion;

        meters.Open.Should().Be(0);
    }

    [Fact]
    public void Trackers_without_a_factory_share_one_meter()
    {
        var published = new ConcurrentBag<Instrument>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, _) => published.Add(instrument) };
        listener.Start();

        for (int i = 0; i < 10; i++)
        {
            _ = new UsageTracker(new RecordingSink());
        }

        published.Where(i => i.Meter.Name == "StreamUsage" && i.Meter.Scope == null && i.Name == "streamusage.records").Distinct().Should().ContainSingle("a listener that starts meanwhile may be told of one twice");
    }

    private sealed record Measured(string Name, long Value, string? Tag);

    /// <summary>A meter factory with a listener to its own meter alone.</summary>
    private sealed class Meters : IMeterFactory
    {
        private readonly Meter _meter;
        private readonly MeterListener _listener = new();

        public Meters()
        {
            _meter = new Meter(new MeterOptions("StreamUsage") { Scope = this });
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == _meter)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Measurements.Enqueue(new Measured(instrument.Name, value, tags.Length == 0 ? null : (string?)tags[0].Value)));
            _listener.Start();
        }

        public ConcurrentQueue<Measured> Measurements { get; } = new();

        public long Open => Measurements.Where(m => m.Name == "streamusage.streams.open").Sum(m => m.Value);

        public Meter Create(MeterOptions options) => _meter;

        public void Dispose()
        {
            _listener.Dispose();
            _meter.Dispose();
        }
    }
}
