using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Delivery;

/// <summary>Records that a stop has no time for: all are logged and counted, then given to the last resort as far as
/// there is time, and the log says what was not.</summary>
public sealed class LeftoverTests
{
    private const int Count = 50;

    // The second one is the library's.
    private static readonly TimeSpan MaxWait = TimeSpan.FromHours(1), TimeForCallbacks = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task What_a_stop_has_no_time_for_is_logged_counted_and_given_to_the_last_resort()
    {
        using var meters = new Meters();
        var log = new RecordingLog();
        var resort = new ConcurrentQueue<string?>();
        UsageTracker tracker = await FillAsync(log, new FakeTimeProvider(), (record, _) =>
        {
            resort.Enqueue(record.Context.RequestId);
            return default;
        }, meters);

        await tracker.DisposeAsync();

        resort.Should().BeEquivalentTo(Enumerable.Range(0, Count).Select(i => $"{i}"));
        log.Lines.Where(line => line.EventId == 3).Select(line => line.Fields["RequestId"])
            .Should().BeEquivalentTo(Enumerable.Range(0, Count).Select(i => $"{i}"));
        log.Lines.Where(line => line.EventId == 3).Should().OnlyContain(line => Equals(line.Fields["Reason"], "shutdown"));
        log.Lines.Should().NotContain(line => line.EventId == 9 || line.EventId == 13);
        meters.Sum("streamusage.records.dropped", "shutdown").Should().Be(Count);
    }

    [Fact]
    public async Task Callbacks_that_take_long_cost_no_line_and_what_was_not_given_to_one_is_said()
    {
        int calls = 0;
        var log = new RecordingLog();
        var time = new TimerCountingTime();
        UsageTracker tracker = await FillAsync(
            log, time, (_, _) => Interlocked.Increment(ref calls) <= 10 ? default : new ValueTask(new TaskCompletionSource().Task));

        Task stop = tracker.DisposeAsync().AsTask();
        SpinWait.SpinUntil(() => Volatile.Read(ref calls) == 26, TimeSpan.FromSeconds(30))
            .Should().BeTrue("ten have ended, and sixteen are under way at once");
        SpinWait.SpinUntil(() => log.Lines.Count(line => line.EventId == 3) == Count, TimeSpan.FromSeconds(30))
            .Should().BeTrue("lines wait for no callback");
        SpinWait.SpinUntil(() => time.LimitsOf(TimeForCallbacks) == 1, TimeSpan.FromSeconds(30)).Should().BeTrue();
        stop.IsCompleted.Should().BeFalse();
        time.Advance(TimeForCallbacks); // No further: the stop waits a second more for those that it ends.
        await stop.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        log.Lines.Should().ContainSingle(line => line.EventId == 13).Which.Fields.Should().Contain("Records", 40);
        calls.Should().Be(26);
    }

    [Fact]
    public async Task What_waits_for_room_is_not_forgotten()
    {
        var log = new RecordingLog();
        var resort = new ConcurrentQueue<string?>();
        var time = new TimerCountingTime();
        UsageTracker tracker = await FillAsync(log, time, (record, _) =>
        {
            resort.Enqueue(record.Context.RequestId);
            return default;
        });
        for (int i = 0; i < 30; i++)
        {
            Streams.Finish(tracker, "late");
        }

        SpinWait.SpinUntil(() => time.LimitsOf(MaxWait) == 30, TimeSpan.FromSeconds(30)).Should().BeTrue();
        await tracker.StopAsync(new CancellationToken(canceled: true));

        SpinWait.SpinUntil(() => resort.Count == Count + 30, TimeSpan.FromSeconds(30)).Should().BeTrue();
        log.Lines.Count(line => line.EventId == 3).Should().Be(Count + 30);
    }

    // The first record hangs at the sink, and the queue behind it is full.
    private static async Task<UsageTracker> FillAsync(
        RecordingLog log, FakeTimeProvider time, Func<UsageRecord, CancellationToken, ValueTask> lastResort, Meters? meters = null)
    {
        var isCalled = new TaskCompletionSource();
        var sink = new TestSink
        {
            Before = (_, _) =>
            {
                isCalled.TrySetResult();
                return new ValueTask(new TaskCompletionSource().Task);
            },
        };
        var options = new StreamUsageOptions
        {
            SinkTimeout = TimeSpan.FromDays(1),
            OnDeliveryFailed = lastResort,
            MeterFactory = meters,
            Background = new BackgroundDeliveryOptions
            {
                Capacity = Count - 1,
                MaxBatchSize = 5,
                MaxBatchDelay = TimeSpan.Zero,
                FullQueueTimeout = MaxWait,
                ShutdownTimeout = TimeSpan.Zero,
            },
        };
        var tracker = new UsageTracker(sink, options, log, time);
        for (int i = 0; i < Count; i++)
        {
            await Streams.Finish(tracker, $"{i}").Completion;
            if (i == 0)
            {
                await isCalled.Task;
            }
        }

        return tracker;
    }
}
