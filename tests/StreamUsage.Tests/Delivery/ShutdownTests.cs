using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Delivery;

/// <summary>A tracker that is stopped waits for what is open, and then records it as it is.</summary>
public sealed class ShutdownTests
{
    [Fact]
    public async Task What_is_still_being_read_is_recorded_as_interrupted_and_its_readers_read_on()
    {
        const int Count = 200;
        var time = new FakeTimeProvider();
        var log = new RecordingLog();
        var sink = new TestSink();
        var tracker = new UsageTracker(sink, new StreamUsageOptions
        {
            Estimator = new StreamUsage.Estimation.CharacterTokenEstimator(),
            SinkTimeout = TimeSpan.FromDays(1),
            Background = new BackgroundDeliveryOptions { ShutdownTimeout = TimeSpan.FromDays(1) },
        }, log, time);
        var streams = new List<Stream>();
        var trackings = new List<UsageTracking>();
        for (int i = 0; i < Count; i++)
        {
            streams.Add(
                tracker.Track(new ScriptedStream(Answers.ClaudeStart + Answers.ClaudeText, Answers.ClaudeDelta + Answers.ClaudeStop),
                    new UsageContext { RequestId = $"{i}" }, out UsageTracking tracking));
            trackings.Add(tracking);
            (await streams[i].ReadAsync(new byte[4096], TestContext.Current.CancellationToken)).Should().BePositive();
        }

        Task stop = tracker.DisposeAsync().AsTask();
        time.Advance(TimeSpan.FromSeconds(4));
        trackings.Should().NotContain(tracking => tracking.Completion.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        while (!stop.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(1)); // Batches go by their age; no time limit comes near.
            await Task.Yield();
        }

        await stop;

        sink.Taken.Should().HaveCount(Count).And.OnlyContain(r =>
            r.Outcome == StreamOutcome.Interrupted && r.Status == UsageStatus.Failed
            && r.StatusCode == 502 && r.ErrorType == "shutdown" && r.Usage.InputTokens == 25 && r.Usage.OutputTokens == 6
            && r.OutputSource == TokenSource.Estimated && r.Duration == TimeSpan.FromSeconds(5));
        sink.Ids.Should().OnlyHaveUniqueItems();
        log.Lines.Should().ContainSingle(line => line.EventId == 12).Which.Fields["Responses"].Should().Be(Count);
        foreach (Stream stream in streams)
        {
            (await Track.ReadToEndAsync(stream)).Should().Be(Answers.ClaudeDelta + Answers.ClaudeStop);
            await stream.DisposeAsync();
        }

        sink.Taken.Should().HaveCount(Count, "what has been recorded is recorded once");
    }

    [Fact]
    public async Task A_response_that_ends_in_time_is_waited_for()
    {
        var time = new FakeTimeProvider();
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink, timeProvider: time);
        Stream stream = tracker.Track(new ScriptedStream(Answers.Claude), Track.Nothing, out _);

        Task stop = tracker.DisposeAsync().AsTask();
        time.Advance(TimeSpan.FromSeconds(4));
        stop.IsCompleted.Should().BeFalse();
        await Track.ReadToEndAsync(stream);
        await stop;

        sink.Records.Should().ContainSingle().Which.Outcome.Should().Be(StreamOutcome.Completed);
    }

    [Fact]
    public async Task An_answer_that_is_complete_is_complete_though_nobody_read_its_end()
    {
        var sink = new RecordingSink();
        var tracker = new UsageTracker(sink, new StreamUsageOptions { ShutdownGracePeriod = TimeSpan.Zero });
        Stream stream = tracker.Track(new ScriptedStream(Answers.Claude), Track.Nothing, out UsageTracking tracking);
        _ = await stream.ReadAsync(new byte[4096], TestContext.Current.CancellationToken);

        await tracker.DisposeAsync();

        sink.Records.Should().ContainSingle().Which
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Completed && r.ErrorType == null);
        tracking.Completion.IsCompletedSuccessfully.Should().BeTrue();
    }

    [Fact]
    public async Task A_response_without_a_byte_is_interrupted_too()
    {
        var tracker = new UsageTracker(new RecordingSink(), new StreamUsageOptions { ShutdownGracePeriod = TimeSpan.Zero });
        Stream stream = tracker.Track(Stream.Null, Track.Nothing, out UsageTracking tracking);

        await tracker.DisposeAsync();
        GC.KeepAlive(stream); // Else it may be collected first, as a response that its reader has left.

        (await tracking.Completion).Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.Interrupted
            && r.ErrorType == "shutdown" && r.BytesReceived == 0 && r.OutputSource == TokenSource.None);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task What_a_sink_has_not_taken_by_then_is_reported_before_the_stop_ends(bool hangs, bool isHurried)
    {
        var time = new TimerCountingTime();
        var log = new RecordingLog();
        var resort = new ConcurrentQueue<string?>();
        int calls = 0;
        var sink = new CallbackUsageSink((_, _) =>
        {
            Interlocked.Increment(ref calls);
            return hangs ? new ValueTask(new TaskCompletionSource().Task) : throw new InvalidOperationException();
        });
        var options = new StreamUsageOptions
        {
            RetryDelay = TimeSpan.FromHours(1),
            OnDeliveryFailed = (record, _) =>
            {
                resort.Enqueue(record.Context.RequestId);
                return default;
            },
        };
        var tracker = new UsageTracker(sink, options, log, time);
        UsageTracking left = Streams.Finish(tracker, "left");
        SpinWait.SpinUntil(() => Volatile.Read(ref calls) == 1, TimeSpan.FromSeconds(30)).Should().BeTrue();

        TimeSpan limit = isHurried ? TimeSpan.FromSeconds(5) : options.SinkTimeout;
        int before = time.LimitsOf(limit);
        Task stop = tracker.StopAsync(new CancellationToken(isHurried));
        SpinWait.SpinUntil(() => time.LimitsOf(limit) > before, TimeSpan.FromSeconds(30)).Should().BeTrue();
        time.Advance(limit); // No further: the stop waits for the last resort for a limited time.

        await stop.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        left.Delivery.IsCompleted.Should().BeTrue();
        (await left.Delivery).Should().Be(DeliveryResult.Failed);
        log.Lines.Should().ContainSingle(line => line.EventId == 3).Which.Fields
            .Should().Contain("Reason", "shutdown").And.Contain("RequestId", "left").And.Contain("Attempts", 1);
        resort.Should().Equal("left");

        UsageTracking late = Streams.Finish(tracker, "late");
        SpinWait.SpinUntil(() => Volatile.Read(ref calls) == 2, TimeSpan.FromSeconds(30))
            .Should().BeTrue("a response that outlives its tracker is handed over all the same");
        GC.KeepAlive(late);
    }

    [Fact]
    public async Task Responses_that_end_during_the_stop_are_reported_before_it_ends()
    {
        TimeSpan limit = TimeSpan.FromSeconds(20);
        var time = new TimerCountingTime();
        var log = new RecordingLog();
        var sink = new CallbackUsageSink((_, _) => new ValueTask(new TaskCompletionSource().Task));
        var tracker = new UsageTracker(sink, new StreamUsageOptions
        {
            SinkTimeout = TimeSpan.FromDays(1),
            Background = new BackgroundDeliveryOptions { MaxBatchDelay = TimeSpan.Zero, ShutdownTimeout = limit },
        }, log, time);
        await Streams.Finish(tracker, "0").Completion;

        Task stop = tracker.DisposeAsync().AsTask();
        for (int i = 1; i < 20; i++)
        {
            await Streams.Finish(tracker, $"{i}").Completion;
        }

        SpinWait.SpinUntil(() => time.LimitsOf(limit) == 1, TimeSpan.FromSeconds(30)).Should().BeTrue();
        time.Advance(limit); // No further: the stop waits for the reports for a limited time.
        await stop.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        log.Lines.Where(line => line.EventId == 3).Select(line => line.Fields["RequestId"])
            .Should().BeEquivalentTo(Enumerable.Range(0, 20).Select(i => $"{i}"));
        log.Lines.Where(line => line.EventId == 3).Should().OnlyContain(line => Equals(line.Fields["Reason"], "shutdown"));
    }

    [Fact]
    public async Task A_hurried_stop_ends_open_responses_at_once_and_leaves_delivery_five_seconds()
    {
        var time = new FakeTimeProvider();
        var mayTake = new TaskCompletionSource();
        var sink = new TestSink { Before = (_, _) => new ValueTask(mayTake.Task) };
        var tracker = new UsageTracker(sink, new StreamUsageOptions { Background = new BackgroundDeliveryOptions() }, timeProvider: time);
        Stream stream = tracker.Track(Stream.Null, Track.Nothing, out UsageTracking open);
        await Streams.Finish(tracker, "queued").Completion;

        Task stop = tracker.StopAsync(new CancellationToken(canceled: true));
        (await open.Completion).ErrorType.Should().Be("shutdown");
        time.Advance(TimeSpan.FromSeconds(4));
        stop.IsCompleted.Should().BeFalse();
        mayTake.SetResult();
        await stop.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        GC.KeepAlive(stream);

        sink.Taken.Should().HaveCount(2);
    }

    [Fact]
    public async Task Without_a_grace_period_a_record_on_its_way_to_a_healthy_sink_arrives()
    {
        var mayTake = new TaskCompletionSource();
        var isCalled = new TaskCompletionSource();
        var sink = new TestSink
        {
            Before = (_, _) =>
            {
                isCalled.TrySetResult();
                return new ValueTask(mayTake.Task);
            },
        };
        var tracker = new UsageTracker(sink, new StreamUsageOptions { ShutdownGracePeriod = TimeSpan.Zero });
        UsageTracking tracking = Streams.Finish(tracker, "1");
        _ = tracking.Completion;
        await isCalled.Task;

        Task stop = tracker.DisposeAsync().AsTask();
        mayTake.SetResult();
        await stop;

        sink.Ids.Should().Equal("1");
    }

    [Fact]
    public void A_tracker_can_be_disposed_synchronously()
    {
        var sink = new TestSink();
        var tracker = new UsageTracker(sink);
        Streams.Finish(tracker, "1");

        tracker.Dispose();

        sink.Ids.Should().Equal("1");
    }

    [Fact]
    public async Task Flush_waits_for_the_records_that_are_there_and_not_for_later_ones()
    {
        var mayTake = new TaskCompletionSource();
        var sink =
            new TestSink { Before = (records, _) => records[0].Context.RequestId == "later" ? new ValueTask(mayTake.Task) : default };
        await using var tracker = new UsageTracker(sink);
        for (int i = 0; i < 20; i++)
        {
            Streams.Finish(tracker, $"{i}");
        }

        Task flush = tracker.FlushAsync(TestContext.Current.CancellationToken);
        Streams.Finish(tracker, "later");
        await flush;

        sink.Ids.Should().BeEquivalentTo(Enumerable.Range(0, 20).Select(i => $"{i}"));
        mayTake.SetResult();
    }
}
