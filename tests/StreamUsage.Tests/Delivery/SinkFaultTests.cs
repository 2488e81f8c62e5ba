using Microsoft.Extensions.Time.Testing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Delivery;

/// <summary>Faults of a sink's calls: what each costs, and what it says about the sink.</summary>
public sealed class SinkFaultTests
{
    private static readonly InvalidOperationException Fault = new("canary-fault");

    [Fact]
    public async Task A_start_that_fails_says_nothing_about_the_delivery_of_records()
    {
        var log = new RecordingLog();
        await using var tracker = new UsageTracker(new FaultySink(started: _ => throw Fault), loggerFactory: log);

        await Streams.Finish(tracker).Completion;

        tracker.GetSinkStatus().Single().FailingSince.Should().BeNull();
        log.Lines.Should().Contain(line => line.EventId == 4).And.NotContain(line => line.EventId == 10);
    }

    [Fact]
    public async Task Starts_that_hang_cost_no_record()
    {
        const int Hanging = 64;
        var time = new FakeTimeProvider();
        var sink = new FaultySink(started: _ => new ValueTask(new TaskCompletionSource().Task));
        TimeSpan limit = TimeSpan.FromHours(1);
        var options = new StreamUsageOptions { MaxDeliveryAttempts = 1, SinkTimeout = limit };
        var tracker = new UsageTracker(sink, options, timeProvider: time);
        List<Stream> open = [.. Enumerable.Range(0, Hanging).Select(_ => tracker.Track(Stream.Null, Track.Nothing, out UsageTracking _))];
        SpinWait.SpinUntil(() => sink.Calls.Count == Hanging, TimeSpan.FromSeconds(30)).Should().BeTrue();
        time.Advance(limit);

        UsageTracking tracking = Streams.Finish(tracker);
        await Streams.PassUntil(time, TimeSpan.FromSeconds(1), () => tracking.Completion.IsCompleted);

        (await tracking.Delivery).Should().Be(DeliveryResult.Delivered);
        GC.KeepAlive(open);
    }

    [Fact]
    public async Task A_call_that_a_shutdown_cuts_off_is_no_fault_of_the_sink()
    {
        var log = new RecordingLog();
        var isCalled = new TaskCompletionSource();
        var sink = new FaultySink(record: token =>
        {
            isCalled.TrySetResult();
            return new ValueTask(Task.Delay(Timeout.Infinite, token));
        });
        var options = new StreamUsageOptions
        {
            Background = new BackgroundDeliveryOptions { MaxBatchDelay = TimeSpan.Zero, ShutdownTimeout = TimeSpan.Zero },
        };
        var tracker = new UsageTracker(sink, options, log, new FakeTimeProvider());
        await Streams.Finish(tracker).Completion;
        await isCalled.Task;

        await tracker.DisposeAsync();

        log.Lines.Should().ContainSingle(line => line.EventId == 3).Which.Fields["Reason"].Should().Be("shutdown");
        log.Lines.Should().NotContain(line => line.EventId == 10, "the sink did not fail, and nothing is retried");
    }

    [Fact]
    public async Task A_sink_that_rejects_its_one_record_without_naming_it_does_not_have_it()
    {
        var resort = new List<UsageRecord>();
        var options = new StreamUsageOptions
        {
            OnDeliveryFailed = (record, _) =>
            {
                resort.Add(record);
                return default;
            },
        };
        await using var tracker = new UsageTracker(new FaultySink(record: _ => throw new RejectedRecordsException("too long")), options);

        UsageTracking tracking = Streams.Finish(tracker);

        (await tracking.Delivery).Should().Be(DeliveryResult.Failed);
        resort.Should().Equal(await tracking.Completion);
    }

    [Fact]
    public async Task Records_in_a_batch_that_fills_wait()
    {
        var time = new FakeTimeProvider();
        var options = new StreamUsageOptions { Background = new BackgroundDeliveryOptions { MaxBatchDelay = TimeSpan.FromHours(1) } };
        await using var tracker = new UsageTracker(new TestSink(), options, timeProvider: time);

        for (int i = 0; i < 3; i++)
        {
            await Streams.Finish(tracker).Completion;
        }

        SpinWait.SpinUntil(() => tracker.GetSinkStatus().Single().QueueLength == 3, TimeSpan.FromSeconds(30)).Should().BeTrue();
        time.Advance(TimeSpan.FromMinutes(1));
        tracker.GetSinkStatus().Single().OldestRecordAge.Should().Be(TimeSpan.FromMinutes(1));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_record_of_a_stopped_tracker_is_retried(bool wasAbandoned)
    {
        var time = new FakeTimeProvider();
        bool isDown = wasAbandoned;
        var sink = new TestSink { Before = (_, _) => Volatile.Read(ref isDown) ? throw Fault : default };
        var options = new StreamUsageOptions
        {
            SinkTimeout = TimeSpan.FromDays(1),
            Background = new BackgroundDeliveryOptions { ShutdownTimeout = TimeSpan.FromSeconds(1) },
        };
        var tracker = new UsageTracker(sink, options, timeProvider: time);
        await Streams.Finish(tracker, "early").Completion;
        Task stop = tracker.DisposeAsync().AsTask();
        if (wasAbandoned)
        {
            await Streams.PassUntil(time, TimeSpan.FromSeconds(1), () => stop.IsCompleted);
        }

        await stop.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        int before = sink.Calls.Count;
        Volatile.Write(ref isDown, true);
        await Streams.Finish(tracker, "late").Completion;
        await Streams.PassUntil(time, TimeSpan.FromSeconds(1), () => sink.Calls.Count > before + 2);
        Volatile.Write(ref isDown, false);
        await Streams.PassUntil(time, TimeSpan.FromSeconds(1), () => sink.Ids.Contains("late"));

        sink.Ids.Should().Equal(wasAbandoned ? ["late"] : ["early", "late"]);
    }
}
