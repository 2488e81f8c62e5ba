using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Delivery;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Delivery;

/// <summary>What blocks its thread blocks one of the thread pool and few others; what waits for one is bounded and keeps its time limit.</summary>
public sealed class CallThreadsTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_sink_that_blocks_takes_few_threads_and_is_given_the_rest_when_it_is_back()
    {
        const int Count = 60;
        using var mayEnd = new ManualResetEventSlim();
        int calls = 0, onPool = 0;
        var sink = new CallbackUsageSink((_, _) =>
        {
            Interlocked.Add(ref onPool, !mayEnd.IsSet && Thread.CurrentThread.IsThreadPoolThread ? 1 : 0);
            Interlocked.Increment(ref calls);
            mayEnd.Wait(CancellationToken.None);
            return default;
        });
        await using var tracker = new UsageTracker(sink, timeProvider: new FakeTimeProvider());
        List<UsageTracking> trackings = [.. Enumerable.Range(0, Count).Select(i => Streams.Finish(tracker, $"{i}"))];

        SpinWait.SpinUntil(() => Volatile.Read(ref calls) == CallThreads.MaxThreads, Long).Should().BeTrue();
        Volatile.Read(ref onPool).Should().Be(1, "the pool loses one thread, however many calls block");
        Volatile.Read(ref calls).Should().Be(CallThreads.MaxThreads);
        mayEnd.Set();

        (await Task.WhenAll(trackings.Select(tracking => tracking.Delivery))).Should().OnlyContain(result => result == DeliveryResult.Delivered);
        calls.Should().Be(Count);
    }

    [Fact]
    public async Task A_call_that_waits_for_a_thread_has_its_time_limit_and_is_then_not_made()
    {
        using var mayEnd = new ManualResetEventSlim();
        var time = new FakeTimeProvider();
        var log = new RecordingLog();
        var begun = new ConcurrentQueue<string?>();
        var sink = new CallbackUsageSink((record, _) =>
        {
            begun.Enqueue(record.Context.RequestId);
            mayEnd.Wait(CancellationToken.None);
            return default;
        });
        await using var tracker = new UsageTracker(sink, new StreamUsageOptions { MaxDeliveryAttempts = 1 }, log, time);
        for (int i = 0; i < CallThreads.MaxThreads; i++)
        {
            Streams.Finish(tracker, "blocks");
        }

        SpinWait.SpinUntil(() => begun.Count == CallThreads.MaxThreads, Long).Should().BeTrue();
        UsageTracking late = Streams.Finish(tracker, "late");
        await Streams.PassUntil(time, TimeSpan.FromSeconds(1), () => late.Completion.IsCompleted);
        mayEnd.Set();

        (await late.Delivery).Should().Be(DeliveryResult.Failed);
        await Streams.Finish(tracker, "next").Completion;
        begun.Should().NotContain("late").And.Contain("next");
        SpinWait.SpinUntil(() => log.Lines.Any(line => line.EventId == 3 && Equals(line.Fields["RequestId"], "late") && Equals(line.Fields["FaultType"], nameof(TimeoutException))), Long).Should().BeTrue();
    }

    [Fact]
    public async Task A_sink_that_hangs_has_so_many_records_and_what_comes_then_is_undelivered()
    {
        using var meters = new Meters();
        int calls = 0;
        var mayEnd = new TaskCompletionSource();
        var log = new RecordingLog();
        var resort = new ConcurrentQueue<string?>();
        var sink = new CallbackUsageSink((_, _) =>
        {
            Interlocked.Increment(ref calls);
            return new ValueTask(mayEnd.Task);
        });
        var options = new StreamUsageOptions
        {
            MeterFactory = meters,
            OnDeliveryFailed = (record, _) =>
            {
                resort.Enqueue(record.Context.RequestId);
                return default;
            },
        };
        await using var tracker = new UsageTracker(sink, options, log, new FakeTimeProvider());
        List<UsageTracking> trackings = [.. Enumerable.Range(0, Destination.MaxRecords).Select(i => Streams.Finish(tracker, $"{i}"))];
        SpinWait.SpinUntil(() => Volatile.Read(ref calls) == Destination.MaxRecords, Long).Should().BeTrue();

        (await Streams.Finish(tracker, "late").Delivery).Should().Be(DeliveryResult.Failed);
        resort.Should().Equal("late");
        log.Lines.Should().ContainSingle(line => line.EventId == 3).Which.Fields.Should().Contain("Reason", "queue_full").And.Contain("RequestId", "late");
        SpinWait.SpinUntil(() => meters.Sum("streamusage.records.dropped", "queue_full") == 1, Long).Should().BeTrue("it is counted, though no record waits for that");
        mayEnd.SetResult();
        (await Task.WhenAll(trackings.Select(tracking => tracking.Delivery))).Should().OnlyContain(result => result == DeliveryResult.Delivered);
        (await Streams.Finish(tracker, "later").Delivery).Should().Be(DeliveryResult.Delivered, "there is room again");
    }

    [Fact]
    public async Task What_the_callers_context_carries_is_not_kept_by_calls_that_have_waited()
    {
        using var mayEnd = new ManualResetEventSlim();
        var carried = new AsyncLocal<object?>();
        var watchdog = new Watchdog(Long, new SteadyTime(new FakeTimeProvider()));
        var destination = new Destination(new CallbackUsageSink((_, _) =>
        {
            mayEnd.Wait(CancellationToken.None);
            return default;
        }), "sink");

        WeakReference value = await CarryAndCallAsync();
        await Task.Yield(); // Off the stack on which the calls ended, whose frames hold the context.

        // A thread that is just leaving may hold it for a moment.
        SpinWait.SpinUntil(() => IsCollected(value), Long).Should().BeTrue("a request's context must not live as long as the tracker");
        GC.KeepAlive(destination);

        static bool IsCollected(WeakReference value)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !value.IsAlive;
        }

        async Task<WeakReference> CarryAndCallAsync()
        {
            object request = new();
            carried.Value = request;
            Task<Exception?> first = new RecordCall(destination, new UsageRecord()).RunAsync(watchdog).AsTask();
            Task<Exception?> second = new RecordCall(destination, new UsageRecord()).RunAsync(watchdog).AsTask();
            mayEnd.Set();
            await Task.WhenAll(first, second);
            return new WeakReference(request);
        }
    }

    [Fact]
    public async Task Calls_that_were_left_alone_and_have_not_ended_count()
    {
        using var mayEnd = new ManualResetEventSlim();
        var time = new FakeTimeProvider();
        var watchdog = new Watchdog(Long, new SteadyTime(time));
        int begun = 0;
        var destination = new Destination(new CallbackUsageSink((_, _) =>
        {
            Interlocked.Increment(ref begun);
            mayEnd.Wait(CancellationToken.None);
            return default;
        }), "sink");
        Task<Exception?>[] left = [.. Enumerable.Range(0, CallThreads.MaxThreads).Select(_ => RunAsync())];
        SpinWait.SpinUntil(() => Volatile.Read(ref begun) == CallThreads.MaxThreads, Long).Should().BeTrue();
        time.Advance(Long);
        (await Task.WhenAll(left)).Should().AllBeOfType<TimeoutException>();

        List<Task<Exception?>> waiting = [.. Enumerable.Range(CallThreads.MaxThreads, CallThreads.MaxCalls - CallThreads.MaxThreads).Select(_ => RunAsync())];
        (await RunAsync()).Should().BeOfType<TooManyCallsException>();
        time.Advance(Long);
        (await Task.WhenAll(waiting)).Should().AllBeOfType<TimeoutException>("those that wait have a limit too");
        begun.Should().Be(CallThreads.MaxThreads);

        Task<Exception?> next = RunAsync();
        mayEnd.Set();
        (await next).Should().BeNull("those that waited in vain have made room");

        Task<Exception?> RunAsync() => new RecordCall(destination, new UsageRecord()).RunAsync(watchdog).AsTask();
    }
}
