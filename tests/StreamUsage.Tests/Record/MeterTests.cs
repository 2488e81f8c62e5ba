using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Diagnostics;
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
        await using var tracker = new UsageTracker(new FaultySink(record: _ => new ValueTask(mayEnd.Task)), new StreamUsageOptions { MeterFactory = meters });

        Stream tracked = tracker.Track(Stream.Null, Track.Nothing, out UsageTracking tracking);
        SpinWait.SpinUntil(() => Open(1).SequenceEqual([1]), TimeSpan.FromSeconds(30)).Should().BeTrue();
        tracked.Dispose();

        SpinWait.SpinUntil(() => Open(2).SequenceEqual([1, -1]) && meters.Sum("streamusage.records", "ClientAborted") == 1, TimeSpan.FromSeconds(30)).Should().BeTrue("the sink has not answered yet");
        tracking.Completion.IsCompleted.Should().BeFalse();
        mayEnd.SetResult();
        await tracking.Completion;

        IEnumerable<double> Open(int count) => meters.Measurements.Where(m => m.Name == "streamusage.streams.open").Select(m => m.Value).Take(count);
    }

    [Fact]
    public async Task What_is_counted_while_a_listener_hangs_adds_up_until_it_is_back()
    {
        const int Count = 11_000; // More than there are calls of anything else that hangs.
        using var mayEnd = new ManualResetEventSlim();
        using var hangs = new ManualResetEventSlim();
        using var meters = new Meters
        {
            Before = () =>
            {
                hangs.Set();
                mayEnd.Wait();
            },
        };
        await using var tracker = new UsageTracker(new CallbackUsageSink((_, _) => default), new StreamUsageOptions { MeterFactory = meters }, timeProvider: new FakeTimeProvider());
        Stream open = tracker.Track(Stream.Null, Track.Nothing, out UsageTracking last);
        hangs.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken).Should().BeTrue();
        for (int i = 0; i < Count; i++)
        {
            await Streams.Finish(tracker).Completion;
        }

        meters.Measurements.Should().BeEmpty();
        mayEnd.Set();

        SpinWait.SpinUntil(() => meters.Sum("streamusage.records", "ClientAborted") == Count && meters.Sum("streamusage.streams.open", "") == 1, TimeSpan.FromSeconds(30)).Should().BeTrue();
        open.Dispose();
        await last.Completion;
        await tracker.DisposeAsync(); // All is told.
        meters.Sum("streamusage.records.delivered", nameof(CallbackUsageSink)).Should().Be(Count + 1);
        meters.Measurements.Count(m => m.Name == "streamusage.delivery.duration").Should().BeInRange(10_000, 10_001, "of durations so many wait, and the last response had room again");
    }

    [Fact]
    public async Task A_listener_that_comes_late_is_told_of_all_that_are_open()
    {
        using var meters = new Meters(isOn: false);
        await using var tracker = new UsageTracker(new CallbackUsageSink((_, _) => default), new StreamUsageOptions { MeterFactory = meters });
        Stream[] open = [.. Enumerable.Range(0, 3).Select(_ => tracker.Track(Stream.Null, Track.Nothing, out UsageTracking _))];

        meters.Start();
        await Streams.Finish(tracker).Completion;

        SpinWait.SpinUntil(() => meters.Sum("streamusage.streams.open", "") == 3, TimeSpan.FromSeconds(30)).Should().BeTrue();
        Array.ForEach(open, stream => stream.Dispose());
        SpinWait.SpinUntil(() => meters.Sum("streamusage.streams.open", "") == 0, TimeSpan.FromSeconds(30)).Should().BeTrue();
    }

    [Fact]
    public async Task A_listener_or_a_logger_that_hangs_does_not_hold_the_record()
    {
        using var mayEnd = new ManualResetEventSlim();
        using var meter = new Meter(new MeterOptions("StreamUsage") { Scope = this });
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter == meter)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, _, _, _) => mayEnd.Wait());
        listener.SetMeasurementEventCallback<double>((_, _, _, _) => mayEnd.Wait());
        listener.Start();
        int calls = 0;
        var sink = new FaultySink(record: _ => Interlocked.Increment(ref calls) == 1 ? throw new InvalidOperationException() : ValueTask.CompletedTask);
        var tracker = new UsageTracker(sink, new StreamUsageOptions { MeterFactory = new OneMeter(meter), RetryDelay = TimeSpan.Zero }, new HangingLog(mayEnd), new FakeTimeProvider());

        UsageTracking tracking = Streams.Finish(tracker);

        (await tracking.Delivery.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).Should().Be(DeliveryResult.Delivered, "no time has passed");
        mayEnd.Set();
        await tracker.DisposeAsync();
    }

    [Fact]
    public async Task Deliveries_and_retries_are_counted_by_sink()
    {
        using var meters = new Meters();
        int calls = 0;
        var sink = new FaultySink(record: _ => Interlocked.Increment(ref calls) <= 2 ? throw new InvalidOperationException() : ValueTask.CompletedTask);
        await using var tracker = new UsageTracker(sink, new StreamUsageOptions { MeterFactory = meters, RetryDelay = TimeSpan.Zero });

        await Streams.Finish(tracker).Completion;
        await tracker.DisposeAsync(); // What is logged and counted follows.

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

    private sealed class OneMeter(Meter meter) : IMeterFactory
    {
        public Meter Create(MeterOptions options) => meter;

        public void Dispose()
        {
        }
    }

    private sealed class HangingLog(ManualResetEventSlim mayEnd) : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => mayEnd.Wait();

        public void Dispose()
        {
        }
    }
}
