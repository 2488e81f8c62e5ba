using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Delivery;

/// <summary>Records that wait in a queue: in batches, within bounds, and never lost in silence.</summary>
public sealed class BackgroundDeliveryTests
{
    private static readonly InvalidOperationException Fault = new("canary-fault");

    [Fact]
    public async Task A_record_is_complete_when_it_is_in_the_queue()
    {
        var mayTake = new TaskCompletionSource();
        var sink = new TestSink { Before = (_, _) => new ValueTask(mayTake.Task) };
        await using UsageTracker tracker = Tracker(sink);

        UsageTracking tracking = Streams.Finish(tracker, "1");

        (await tracking.Delivery).Should().Be(DeliveryResult.Queued);
        (await tracking.Completion).Context.RequestId.Should().Be("1");
        sink.Taken.Should().BeEmpty();
        mayTake.SetResult();
    }

    [Fact]
    public async Task A_full_batch_goes_at_once_and_one_that_is_not_full_at_its_age()
    {
        var time = new FakeTimeProvider();
        var sink = new TestSink();
        await using UsageTracker tracker = Tracker(sink, o => o.MaxBatchSize = 3, time);

        for (int i = 1; i <= 4; i++)
        {
            await Streams.Finish(tracker, $"{i}").Completion;
        }

        SpinWait.SpinUntil(() => sink.Taken.Count == 3, TimeSpan.FromSeconds(30)).Should().BeTrue("no time needs to pass for a full batch");
        sink.Calls.Should().ContainSingle().Which.Should().Equal("1", "2", "3");
        await Streams.PassUntil(time, TimeSpan.FromMilliseconds(200), () => sink.Taken.Count == 4);
        sink.Calls.Last().Should().Equal("4");
    }

    [Fact]
    public async Task A_sink_without_batches_is_given_one_record_after_the_other()
    {
        const int Count = 2_000; // Few would be in order by chance.
        var sink = new RecordingSink();
        await using (UsageTracker tracker = Tracker(sink, time: new FakeTimeProvider()))
        {
            for (int i = 0; i < Count; i++)
            {
                Streams.Finish(tracker, $"{i}");
            }

            SpinWait.SpinUntil(() => sink.Records.Count == Count, TimeSpan.FromMinutes(2)).Should().BeTrue();
        }

        sink.Records.Select(record => record.Context.RequestId)
            .Should().BeEquivalentTo(Enumerable.Range(0, Count).Select(i => $"{i}"), "none is lost");
        sink.Starts.Should().HaveCount(Count);
    }

    [Fact]
    public async Task One_record_that_is_refused_does_not_hold_the_rest()
    {
        var log = new RecordingLog();
        var resort = new List<string?>();
        var sink = new TestSink
        {
            Before = (records, _) => records.Any(record => record.Context.RequestId == "4") ? throw Fault : ValueTask.CompletedTask,
        };
        await using (UsageTracker tracker = Tracker(sink, OneBatch, log: log, configure: o =>
        {
            o.MaxDeliveryAttempts = 2;
            o.OnDeliveryFailed = (record, _) =>
            {
                resort.Add(record.Context.RequestId);
                return default;
            };
        }))
        {
            for (int i = 0; i < 10; i++)
            {
                await Streams.Finish(tracker, $"{i}").Completion;
            }
        }

        sink.Ids.Should().BeEquivalentTo("0", "1", "2", "3", "5", "6", "7", "8", "9");
        sink.Calls.Count(call => call is ["4"]).Should().Be(6, "it is tried alone three times as often as a sink without a queue would be");
        resort.Should().Equal("4");
        log.Lines.Should().ContainSingle(line => line.EventId == 3).Which.Fields
            .Should().Contain("Reason", "failed").And.Contain("RequestId", "4");

        static void OneBatch(BackgroundDeliveryOptions options) =>
            (options.MaxBatchSize, options.MaxBatchDelay) = (10, TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task A_last_record_that_is_refused_waits_until_the_sink_has_taken_another()
    {
        var log = new RecordingLog();
        var time = new FakeTimeProvider();
        var sink = new TestSink
        {
            Before = (records, _) => records.Any(record => record.Context.RequestId == "bad") ? throw Fault : ValueTask.CompletedTask,
        };
        await using UsageTracker tracker = Tracker(sink, null, time, log, o => o.MaxDeliveryAttempts = 1);

        Streams.Finish(tracker, "bad");
        await Streams.PassUntil(time, TimeSpan.FromSeconds(1), () => sink.Calls.Count > 10);
        log.Lines.Should().NotContain(line => line.EventId == 3, "it may be the sink");
        Streams.Finish(tracker, "good");
        await Streams.PassUntil(time, TimeSpan.FromSeconds(1), () => log.Lines.Any(line => line.EventId == 3));

        sink.Ids.Should().Equal("good");
    }

    [Fact]
    public async Task A_sink_that_was_down_gets_everything_when_it_is_back()
    {
        var log = new RecordingLog();
        var time = new FakeTimeProvider();
        bool isDown = true;
        var sink = new TestSink { Before = (_, _) => Volatile.Read(ref isDown) ? throw Fault : ValueTask.CompletedTask };
        await using UsageTracker tracker = Tracker(sink, o => o.MaxBatchSize = 5, time, log);

        for (int i = 0; i < 23; i++)
        {
            await Streams.Finish(tracker, $"{i}").Completion;
        }

        await Streams.PassUntil(time, TimeSpan.FromSeconds(1), () => log.Lines.Any(line => line.EventId == 10));
        sink.Taken.Should().BeEmpty();
        Volatile.Write(ref isDown, false);
        await Streams.PassUntil(time, TimeSpan.FromSeconds(30), () => sink.Taken.Count == 23);
        await Streams.PassUntil(time, TimeSpan.FromSeconds(1), () => log.Lines.Any(line => line.EventId == 11));

        sink.Ids.Should().BeEquivalentTo(Enumerable.Range(0, 23).Select(i => $"{i}"));
        log.Lines.Should().ContainSingle(line => line.EventId == 10 && line.Level == LogLevel.Warning);
        log.Lines.Should().NotContain(line => line.EventId == 3);
    }

    [Fact]
    public async Task A_full_queue_before_a_dead_sink_is_never_felt_and_what_is_dropped_is_counted_and_logged()
    {
        using var meters = new Meters();
        var log = new RecordingLog();
        var time = new FakeTimeProvider();
        bool isDown = false;
        var sink = new TestSink { Before = (_, _) => Volatile.Read(ref isDown) ? throw Fault : ValueTask.CompletedTask };
        var options = new StreamUsageOptions
        {
            SinkTimeout = TimeSpan.FromDays(1),
            MeterFactory = meters,
            Background = new BackgroundDeliveryOptions { Capacity = 50, MaxBatchSize = 10, FullQueueTimeout = TimeSpan.FromSeconds(5) },
        };
        var tracker = new UsageTracker(sink, options, log, time);

        Streams.Finish(tracker, "first"); // From here on it is known that the sink takes no starts.
        await Streams.PassUntil(time, TimeSpan.FromSeconds(1), () => sink.Taken.Count == 1);
        Volatile.Write(ref isDown, true);

        // The readers read everything while no time passes, so that nothing that waits can end.
        var trackings = new List<UsageTracking>();
        for (int i = 0; i < 200; i++)
        {
            Stream body = tracker.Track(
                new ScriptedStream(Answers.Claude), new UsageContext { RequestId = $"{i}" }, out UsageTracking tracking);
            (await Track.ReadToEndAsync(body)).Should().Be(Answers.Claude);
            trackings.Add(tracking);
        }

        await Streams.PassUntil(time, TimeSpan.FromSeconds(1), () => trackings.TrueForAll(tracking => tracking.Completion.IsCompleted));
        DeliveryResult[] results = await Task.WhenAll(trackings.Select(tracking => tracking.Delivery));
        int queued = results.Count(result => result == DeliveryResult.Queued);
        queued.Should().BeInRange(
            50, 170, "the queue, the batches and single records that are retried beside it, and the batch that waits to be");
        log.Lines.Count(line => line.EventId == 3).Should().Be(200 - queued);
        SpinWait.SpinUntil(() => meters.Sum("streamusage.records.dropped", "queue_full") == 200 - queued, TimeSpan.FromSeconds(30))
            .Should().BeTrue("they are counted, though no record waits for that");
        // A record on its way from the queue to a batch is in neither for a moment.
        SpinWait.SpinUntil(() => QueueLength() == queued, TimeSpan.FromSeconds(30)).Should().BeTrue();
        meters.Last("streamusage.queue.oldest_age").Should().BeGreaterThanOrEqualTo(5);

        Volatile.Write(ref isDown, false);
        await Streams.PassUntil(time, TimeSpan.FromSeconds(30), () => sink.Taken.Count == queued + 1);
        sink.Ids.Skip(1).Should().BeEquivalentTo(
            Enumerable.Range(0, 200).Where(i => results[i] == DeliveryResult.Queued).Select(i => $"{i}"), "nothing else is lost");
        await Streams.PassUntil(
            time, TimeSpan.FromSeconds(30), () => meters.Sum("streamusage.records.delivered", nameof(TestSink)) == queued + 1);
        SpinWait.SpinUntil(() => QueueLength() == 0, TimeSpan.FromSeconds(30)).Should().BeTrue("a record is counted before it ends");
        tracker.Budget.Taken.Should().Be(0, "no record waits for room");

        double QueueLength()
        {
            meters.Observe();
            return meters.Last("streamusage.queue.length");
        }
    }

    [Fact]
    public async Task A_sink_that_is_down_fills_its_own_queue_only()
    {
        var alive = new TestSink();
        var dead = new TestSink { Before = (_, _) => throw Fault };
        var time = new FakeTimeProvider();
        var options = new StreamUsageOptions
        {
            Background = new BackgroundDeliveryOptions
            {
                Capacity = 10,
                MaxBatchDelay = TimeSpan.Zero,
                MaxBatchSize = 1,
                FullQueueTimeout = TimeSpan.FromHours(1),
            }
        };
        var tracker = new UsageTracker([dead, alive], options, null, time);

        for (int i = 0; i < 100; i++)
        {
            Streams.Finish(tracker, $"{i}");
            SpinWait.SpinUntil(() => alive.Taken.Count == i + 1, TimeSpan.FromSeconds(30)).Should().BeTrue();
        }

        alive.Ids.Should().Equal(Enumerable.Range(0, 100).Select(i => $"{i}"));
    }

    [Fact]
    public async Task Disposing_the_tracker_delivers_what_waits_without_waiting_for_a_batch()
    {
        var sink = new TestSink();
        UsageTracker tracker = Tracker(sink, o => o.MaxBatchDelay = TimeSpan.FromHours(1), new FakeTimeProvider());
        for (int i = 0; i < 10; i++)
        {
            Streams.Finish(tracker, $"{i}");
        }

        await tracker.DisposeAsync();

        sink.Taken.Should().HaveCount(10);
        (await Streams.Finish(tracker, "late").Delivery)
            .Should().Be(DeliveryResult.Queued, "a response that outlives its tracker is delivered like any other");
        SpinWait.SpinUntil(() => sink.Taken.Count == 11, TimeSpan.FromSeconds(30)).Should().BeTrue();
    }

    [Fact]
    public async Task A_record_waits_for_a_start_that_is_slow()
    {
        var mayStart = new TaskCompletionSource();
        var sink = new FaultySink(started: _ => new ValueTask(mayStart.Task));
        var time = new FakeTimeProvider();
        await using UsageTracker tracker = Tracker(sink, time: time);

        await Streams.Finish(tracker).Completion;
        for (int i = 0; i < 10_000; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1)); // A batch goes at its age, long past by now.
            await Task.Yield();
        }

        sink.Calls.Should().NotContain(call => call.StartsWith("record"));
        mayStart.SetResult();

        await Streams.PassUntil(time, TimeSpan.FromMilliseconds(200), () => sink.Calls.Count == 2);
    }

    [Fact]
    public async Task What_the_callers_context_carries_is_not_the_sinks()
    {
        var local = new AsyncLocal<string> { Value = "maker" };
        var seen = new List<string?>();
        var sink = new FaultySink(_ => See(), _ => See());
        UsageTracker tracker = Tracker(sink);
        local.Value = "caller";
        using (var activity = new Activity("caller").Start())
        {
            Streams.Finish(tracker);
        }

        await tracker.DisposeAsync();
        seen.Should().Equal("streamusage.record", "streamusage.record");

        ValueTask See()
        {
            seen.Add(local.Value ?? Activity.Current?.OperationName);
            return default;
        }
    }

    private static UsageTracker Tracker(IUsageSink sink, Action<BackgroundDeliveryOptions>? background = null,
        FakeTimeProvider? time = null, RecordingLog? log = null, Action<StreamUsageOptions>? configure = null)
    {
        // A test's time passes in leaps: none may end a call that is only waiting for its turn.
        var options = new StreamUsageOptions
        {
            SinkTimeout = TimeSpan.FromDays(1),
            RetryDelay = TimeSpan.Zero,
            Background = new BackgroundDeliveryOptions { ShutdownTimeout = TimeSpan.FromMinutes(5) },
        };
        background?.Invoke(options.Background);
        configure?.Invoke(options);
        return new UsageTracker(sink, options, log, time);
    }
}
