using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Delivery;

/// <summary>Records that are handed over at once: again where that fails, and in the end never lost in
/// silence.</summary>
public sealed class RetryTests
{
    private static readonly InvalidOperationException Fault = new("canary-fault");

    [Fact]
    public async Task A_sink_that_fails_at_first_gets_the_record_later()
    {
        int calls = 0;
        var log = new RecordingLog();
        var sink = new FaultySink(record: _ => Interlocked.Increment(ref calls) < 3 ? throw Fault : ValueTask.CompletedTask);
        await using var tracker = new UsageTracker(sink, new StreamUsageOptions { RetryDelay = TimeSpan.Zero }, log);

        UsageTracking tracking = Streams.Finish(tracker);

        (await tracking.Delivery).Should().Be(DeliveryResult.Delivered);
        calls.Should().Be(3);
        await tracker.DisposeAsync(); // What is logged and counted follows.
        log.Lines.Select(line => line.EventId).Should().BeEquivalentTo([10, 11, 1], "the first failure is told at once, and the end of it");
        log.Lines.Single(line => line.EventId == 10)
            .Should().Match<RecordingLog.Line>(line => line.Level == LogLevel.Warning && line.Exception == Fault);
    }

    [Fact]
    public async Task The_next_attempt_waits_for_its_pause()
    {
        int calls = 0;
        var time = new TimerCountingTime();
        var sink = new FaultySink(record: _ => Interlocked.Increment(ref calls) == 1 ? throw Fault : ValueTask.CompletedTask);
        await using var tracker = new UsageTracker(
            sink, new StreamUsageOptions { RetryDelay = TimeSpan.FromMinutes(1), SinkTimeout = TimeSpan.FromDays(1) }, timeProvider: time);

        UsageTracking tracking = Streams.Finish(tracker);
        SpinWait.SpinUntil(() => Volatile.Read(ref calls) == 1, TimeSpan.FromSeconds(30)).Should().BeTrue();
        for (int i = 0; i < 10_000; i++)
        {
            await Task.Yield(); // Whoever does not wait has come by now.
        }

        tracking.Completion.IsCompleted.Should().BeFalse("no time has passed");
        await Streams.PassUntil(time, TimeSpan.FromSeconds(10), () => tracking.Completion.IsCompleted);

        (await tracking.Delivery).Should().Be(DeliveryResult.Delivered);
        calls.Should().Be(2);
    }

    [Fact]
    public async Task After_the_last_attempt_one_error_line_has_the_figures_and_the_last_resort_the_record()
    {
        var log = new RecordingLog();
        var resort = new List<UsageRecord>();
        var options = new StreamUsageOptions
        {
            MaxDeliveryAttempts = 3,
            RetryDelay = TimeSpan.Zero,
            OnDeliveryFailed = (record, _) =>
            {
                resort.Add(record);
                return ValueTask.CompletedTask;
            },
        };
        int calls = 0;
        await using var tracker = new UsageTracker(
            new FaultySink(record: _ =>
            {
                Interlocked.Increment(ref calls);
                throw Fault;
            }),
            options,
            log);
        var context = new UsageContext
        {
            RequestId = "r1",
            UserId = "u1",
            ApiKeyId = "k1",
            ProviderId = "p1",
            RequestHeaders = new Dictionary<string, string> { ["x-plain"] = "canary-header" },
        };

        await Track.ReadToEndAsync(
            tracker.Track(new ScriptedStream(Answers.Claude.Replace("Twenty-four", "canary-text", StringComparison.Ordinal)),
                context, out UsageTracking tracking));
        UsageRecord record = await tracking.Completion;

        (await tracking.Delivery).Should().Be(DeliveryResult.Failed);
        calls.Should().Be(3);
        resort.Should().Equal(record);
        RecordingLog.Line line = log.Lines.Should().ContainSingle(l => l.EventId == 3).Which;
        line.Level.Should().Be(LogLevel.Error);
        line.Fields.Should().Contain(new Dictionary<string, object?>
        {
            ["RecordId"] = record.Id,
            ["RequestId"] = "r1",
            ["UserId"] = "u1",
            ["ApiKeyId"] = "k1",
            ["ProviderId"] = "p1",
            ["Sink"] = nameof(FaultySink),
            ["Attempts"] = 3,
            ["Reason"] = "failed",
            ["FaultType"] = nameof(InvalidOperationException),
            ["InputTokens"] = 25L,
            ["CacheReadInputTokens"] = 7L,
            ["CacheCreationInputTokens"] = 3L,
            ["OutputTokens"] = 15L,
            ["Model"] = "claude-sonnet-4-5",
            ["ResponseId"] = "msg_1",
            ["StartedAt"] = record.StartedAt,
        });
        line.Exception.Should().BeSameAs(Fault);
        log.Lines.Should().NotContain(l => l.Text.Contains("canary"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_last_resort_that_fails_is_logged_and_never_felt(bool hangs)
    {
        var log = new RecordingLog();
        var time = new FakeTimeProvider();
        bool isCalled = false;
        var options = new StreamUsageOptions
        {
            MaxDeliveryAttempts = 1,
            OnDeliveryFailed = (_, _) =>
            {
                Volatile.Write(ref isCalled, true);
                return hangs ? new ValueTask(new TaskCompletionSource().Task) : throw Fault;
            },
        };
        await using var tracker = new UsageTracker(new FaultySink(record: _ => throw Fault), options, log, time);

        UsageTracking tracking = Streams.Finish(tracker);
        SpinWait.SpinUntil(() => Volatile.Read(ref isCalled), TimeSpan.FromSeconds(30)).Should().BeTrue();
        if (hangs)
        {
            time.Advance(TimeSpan.FromSeconds(30));
        }

        await tracking.Completion;
        log.Lines.Should().ContainSingle(line => line.EventId == 9).Which.Exception!.GetType().Name
            .Should().Be(hangs ? nameof(TimeoutException) : nameof(InvalidOperationException));
    }

    [Fact]
    public async Task A_last_resort_that_throws_a_cancellation_of_its_own_has_failed()
    {
        var log = new RecordingLog();
        var options = new StreamUsageOptions
        {
            MaxDeliveryAttempts = 1,
            OnDeliveryFailed = (_, _) => throw new OperationCanceledException(),
        };
        var tracker = new UsageTracker(new FaultySink(record: _ => throw Fault), options, log, new FakeTimeProvider());

        await Streams.Finish(tracker).Completion;
        await tracker.DisposeAsync();

        log.Lines.Should().ContainSingle(line => line.EventId == 9).Which.Exception.Should().BeOfType<OperationCanceledException>();
        log.Lines.Should().NotContain(line => line.EventId == 13);
    }

    [Fact]
    public async Task A_sink_that_blocks_its_thread_is_left_at_the_limit_and_tried_again()
    {
        using var mayEnd = new ManualResetEventSlim();
        int calls = 0;
        var time = new FakeTimeProvider();
        var sink = new FaultySink(record: _ =>
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                mayEnd.Wait(CancellationToken.None);
            }

            return ValueTask.CompletedTask;
        });
        await using var tracker = new UsageTracker(sink, new StreamUsageOptions { RetryDelay = TimeSpan.Zero }, timeProvider: time);

        UsageTracking tracking = Streams.Finish(tracker);
        SpinWait.SpinUntil(() => Volatile.Read(ref calls) == 1, TimeSpan.FromSeconds(30)).Should().BeTrue();
        time.Advance(TimeSpan.FromSeconds(29));
        tracking.Completion.IsCompleted.Should().BeFalse();
        time.Advance(TimeSpan.FromSeconds(1));

        (await tracking.Delivery).Should().Be(DeliveryResult.Delivered);
        calls.Should().Be(2);
        mayEnd.Set();
    }

    [Fact]
    public async Task A_call_has_its_whole_limit_however_many_are_under_way()
    {
        var time = new FakeTimeProvider();
        var ends = new TaskCompletionSource[20];
        int calls = 0, failed = 0;
        var sink = new FaultySink(
            record: _ => new ValueTask((ends[Interlocked.Increment(ref calls) - 1] = new TaskCompletionSource()).Task));
        var options = new StreamUsageOptions { MaxDeliveryAttempts = 1, SinkTimeout = TimeSpan.FromSeconds(10) };
        await using var tracker = new UsageTracker(sink, options, timeProvider: time);
        var trackings = new List<UsageTracking>();
        for (int i = 0; i < ends.Length; i++)
        {
            trackings.Add(Streams.Finish(tracker));
            SpinWait.SpinUntil(() => Volatile.Read(ref calls) == i + 1 && ends[i] is not null, TimeSpan.FromSeconds(30)).Should().BeTrue();
            time.Advance(TimeSpan.FromSeconds(1));
            if (i % 3 == 0)
            {
                ends[i].SetResult(); // In the middle of the others.
                await trackings[i].Delivery.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            }
        }

        for (int i = 0; i < 10; i++)
        {
            // Call k began at k seconds: at 20 + i all up to 10 + i have had their ten seconds, and no later one.
            DeliveryResult expected = (10 + i) % 3 == 0 ? DeliveryResult.Delivered : DeliveryResult.Failed;
            (await trackings[10 + i].Delivery.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken))
                .Should().Be(expected);
            failed = trackings.Skip(11 + i).Count(tracking => tracking.Delivery is { IsCompleted: true, Result: DeliveryResult.Failed });
            failed.Should().Be(0);
            time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public async Task Of_several_sinks_one_that_is_dead_costs_the_others_nothing()
    {
        var time = new FakeTimeProvider();
        var alive = new RecordingSink();
        bool isCalled = false;
        var dead = new FaultySink(record: _ =>
        {
            Volatile.Write(ref isCalled, true);
            return new ValueTask(new TaskCompletionSource().Task);
        });
        await using var tracker = new UsageTracker([dead, alive], new StreamUsageOptions { MaxDeliveryAttempts = 1 }, null, time);

        UsageTracking tracking = Streams.Finish(tracker);
        SpinWait.SpinUntil(() => !alive.Records.IsEmpty && Volatile.Read(ref isCalled), TimeSpan.FromSeconds(30))
            .Should().BeTrue("it does not wait for the dead one");
        tracking.Completion.IsCompleted.Should().BeFalse();
        await Streams.PassUntil(time, TimeSpan.FromSeconds(30), () => tracking.Completion.IsCompleted);

        (await tracking.Delivery).Should().Be(DeliveryResult.Failed);
        alive.Records.Should().HaveCount(1);
        alive.Starts.Should().HaveCount(1);
    }
}
