using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Recording;

/// <summary>Records are handed over once, after their start; a sink that fails costs its own part only.</summary>
public sealed class DeliveryTests
{
    public enum SinkFault
    {
        ThrowsAtOnce,
        ThrowsLater,
        TimesOut,
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_record_that_its_sink_has_taken_is_not_kept(bool isInBackground)
    {
        var records = new System.Collections.Concurrent.ConcurrentQueue<WeakReference>();
        var sink = new CallbackUsageSink((record, _) =>
        {
            records.Enqueue(new WeakReference(record));
            return default;
        });
        await using var tracker = new UsageTracker(sink, new StreamUsageOptions
        {
            Background = isInBackground ? new BackgroundDeliveryOptions { MaxBatchDelay = TimeSpan.Zero } : null,
        });
        for (int i = 0; i < 20; i++)
        {
            Streams.Finish(tracker);
        }

        // The last one, and what a thread that is just leaving holds, may live on for as long as nothing follows.
        SpinWait.SpinUntil(() => records.Count == 20 && CountAlive() <= 4, TimeSpan.FromSeconds(30))
            .Should().BeTrue("what is kept does not grow with the responses, but {0} of 20 are", CountAlive());

        int CountAlive()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return records.Count(record => record.IsAlive);
        }
    }

    [Fact]
    public async Task A_record_that_the_sink_took_is_delivered()
    {
        var sink = new FaultySink();
        UsageTracking tracking = Finish(new UsageTracker(sink));

        UsageRecord record = await tracking.Completion;

        (await tracking.Delivery).Should().Be(DeliveryResult.Delivered);
        sink.Calls.Should().Equal($"started {record.Id}", $"record {record.Id}");
    }

    [Fact]
    public async Task The_record_waits_for_its_start()
    {
        var mayStart = new TaskCompletionSource();
        var hasStartBegun = new TaskCompletionSource();
        int starts = 0;
        var sink = new FaultySink(started: _ =>
        {
            if (Interlocked.Increment(ref starts) != 1)
            {
                return ValueTask.CompletedTask;
            }

            hasStartBegun.SetResult();
            return new ValueTask(mayStart.Task);
        });
        var tracker = new UsageTracker(sink, timeProvider: new FakeTimeProvider());

        UsageTracking tracking = Finish(tracker);
        await hasStartBegun.Task;
        for (int i = 0; i < 10; i++)
        {
            await Finish(tracker).Completion; // Others overtake it.
        }

        tracking.Completion.IsCompleted.Should().BeFalse();
        sink.Calls.Count(call => call.StartsWith("record", StringComparison.Ordinal)).Should().Be(10);
        mayStart.SetResult();
        UsageRecord record = await tracking.Completion;
        sink.Calls.Last().Should().Be($"record {record.Id}");
    }

    [Fact]
    public async Task The_record_waits_for_a_start_that_hangs_at_most_a_calls_time_limit()
    {
        var time = new TimerCountingTime();
        var log = new RecordingLog();
        var sink = new FaultySink(started: _ => new ValueTask(new TaskCompletionSource().Task));
        TimeSpan limit = TimeSpan.FromSeconds(5);
        UsageTracking tracking = Finish(new UsageTracker(sink, new StreamUsageOptions { SinkTimeout = limit }, log, time));

        SpinWait.SpinUntil(() => time.LimitsOf(limit) == 1, TimeSpan.FromSeconds(30)).Should().BeTrue("the record waits");
        time.Advance(TimeSpan.FromSeconds(4));
        sink.Calls.Should().NotContain(call => call.StartsWith("record"));
        time.Advance(TimeSpan.FromSeconds(1));
        UsageRecord record = await tracking.Completion;

        (await tracking.Delivery).Should().Be(DeliveryResult.Delivered);
        SpinWait.SpinUntil(() => log.Lines.Any(line => line.EventId == 4), TimeSpan.FromSeconds(30))
            .Should().BeTrue("the record does not wait for the line");
        log.Lines.Single(line => line.EventId == 4)
            .Should().Match<RecordingLog.Line>(line => line.Level == LogLevel.Warning && line.Fields["RecordId"]!.Equals(record.Id));
    }

    [Fact]
    public async Task A_start_reaches_the_sink_while_the_response_is_open()
    {
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink);

        await using Stream open = tracker.Track(new MemoryStream(), Track.Nothing, out UsageTracking tracking);

        SpinWait.SpinUntil(() => !sink.Starts.IsEmpty, TimeSpan.FromSeconds(30)).Should().BeTrue();
        tracking.Completion.IsCompleted.Should().BeFalse();
    }

    [Theory]
    [InlineData(SinkFault.ThrowsAtOnce, nameof(InvalidOperationException))]
    [InlineData(SinkFault.ThrowsLater, nameof(InvalidOperationException))]
    [InlineData(SinkFault.TimesOut, nameof(TimeoutException))]
    public async Task A_sink_that_fails_is_logged_and_never_felt(SinkFault fault, string faultType)
    {
        var time = new FakeTimeProvider();
        var log = new RecordingLog();
        var isCalled = new TaskCompletionSource();
        var isCancelled = new TaskCompletionSource();
        var sink = new FaultySink(record: token => fault switch
        {
            SinkFault.ThrowsAtOnce => throw new InvalidOperationException("canary-in-exception"),
            SinkFault.ThrowsLater => ThrowLaterAsync(),
            _ => HangAsync(isCalled, isCancelled, token),
        });
        await using var tracker = new UsageTracker(sink, new StreamUsageOptions { MaxDeliveryAttempts = 1 }, log, time);
        Stream tracked = tracker.Track(new ScriptedStream(Answers.Claude), Track.Nothing, out UsageTracking tracking);

        (await Track.ReadToEndAsync(tracked)).Should().Be(Answers.Claude);
        if (fault == SinkFault.TimesOut)
        {
            await isCalled.Task;
            time.Advance(TimeSpan.FromSeconds(30));
            await isCancelled.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        }

        UsageRecord record = await tracking.Completion;
        record.Outcome.Should().Be(StreamOutcome.Completed);
        (await tracking.Delivery).Should().Be(DeliveryResult.Failed);
        await tracker.DisposeAsync(); // What is logged and counted follows.
        log.Lines.Should().ContainSingle(line => line.EventId == 3).Which.Should().Match<RecordingLog.Line>(line =>
            line.Level == LogLevel.Error && line.Fields["FaultType"]!.Equals(faultType) && line.Exception!.GetType().Name == faultType);
        log.Lines.Should().ContainSingle(line => line.EventId == 1, "the summary is written all the same");
    }

    [Fact]
    public async Task Disposing_the_tracker_waits_for_records_that_are_on_their_way_however_often()
    {
        var mayEnd = new TaskCompletionSource();
        var isCalled = new TaskCompletionSource();
        var sink = new FaultySink(record: _ =>
        {
            isCalled.TrySetResult();
            return new ValueTask(mayEnd.Task);
        });
        var tracker = new UsageTracker(sink, timeProvider: new FakeTimeProvider());
        UsageTracking tracking = Finish(tracker);
        await isCalled.Task;

        Task first = tracker.DisposeAsync().AsTask();
        Task second = tracker.DisposeAsync().AsTask();
        first.IsCompleted.Should().BeFalse();
        second.IsCompleted.Should().BeFalse();
        mayEnd.SetResult();
        await Task.WhenAll(first, second);

        tracking.Completion.IsCompletedSuccessfully.Should().BeTrue();
    }

    [Fact]
    public async Task A_decorator_forwards_all_three_calls_and_a_batch_is_its_records_in_order()
    {
        var inner = new FaultySink();
        IUsageSink sink = new Decorator(inner);
        UsageRecord[] records = [new() { Id = Guid.NewGuid() }, new() { Id = Guid.NewGuid() }];

        await sink.StartedAsync(new UsageStart { Id = records[0].Id }, default);
        await sink.RecordAsync(records[0], default);
        await sink.RecordBatchAsync(records, default);

        inner.Calls
            .Should().Equal($"started {records[0].Id}", $"record {records[0].Id}", $"record {records[0].Id}", $"record {records[1].Id}");
    }

    private static UsageTracking Finish(UsageTracker tracker)
    {
        tracker.Track(Stream.Null, Track.Nothing, out UsageTracking tracking).Dispose();
        return tracking;
    }

    private static async ValueTask ThrowLaterAsync()
    {
        await Task.Yield();
        throw new InvalidOperationException("canary-in-exception");
    }

    private static async ValueTask HangAsync(TaskCompletionSource isCalled, TaskCompletionSource isCancelled, CancellationToken token)
    {
        await using CancellationTokenRegistration registration = token.Register(isCancelled.SetResult);
        isCalled.SetResult();
        await new TaskCompletionSource().Task;
    }

    private sealed class Decorator(IUsageSink inner) : DelegatingUsageSink(inner);
}
