using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Delivery;

/// <summary>Records that a sink refuses, side by side: they end by themselves, the rest gets through, and a sink that
/// is down is told apart from them.</summary>
public sealed class RefusedRecordTests
{
    private const string Bad = "bad";

    private static readonly InvalidOperationException Fault = new("canary-fault");

    public static TheoryData<string, int, int> Runs { get; } = new()
    {
        // The records, the size of a batch, and whether the sink takes batches at all (1).
        { "1 bad bad 2 3", 10, 1 },
        { "bad bad bad bad bad 1 2", 10, 1 },
        { "bad bad bad 1 bad bad 2 bad 3 4", 10, 1 },
        { "bad bad bad bad 1 2", 4, 1 },
        { "bad bad bad bad bad bad bad bad bad 1 2 3 4 5", 4, 1 },
        { "bad bad bad 1 2", 1, 1 },
        { "1 bad bad bad bad bad 2 3", 10, 0 },
    };

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Records_that_are_refused_side_by_side_end_by_themselves(string records, int batchSize, int takesBatches)
    {
        var log = new RecordingLog();
        var time = new FakeTimeProvider();
        var sink = new TestSink { Before = Refuse };
        string[] ids = records.Split(' ');
        await using UsageTracker tracker = Tracker(takesBatches == 1 ? sink : new OneByOne(sink), log, time, batchSize);

        foreach (string id in ids)
        {
            await Streams.Finish(tracker, id).Completion;
        }

        await Streams.PassUntil(time, TimeSpan.FromSeconds(1), () => Dropped(log) == ids.Count(id => id == Bad)
            && sink.Taken.Count == ids.Count(id => id != Bad));
        sink.Ids.Should().BeEquivalentTo(ids.Where(id => id != Bad));
        log.Lines.Where(line => line.EventId == 3).Should().OnlyContain(
            line => Equals(line.Fields["Reason"], "failed") && Equals(line.Fields["RequestId"], Bad) && (int)line.Fields["Attempts"]! > 2);
    }

    [Fact]
    public async Task A_call_that_hangs_does_not_hide_the_records_behind_it()
    {
        var log = new RecordingLog();
        var time = new FakeTimeProvider();
        var sink = new TestSink
        {
            Before = (records, token) => records.Any(record => record.Context.RequestId == "hangs")
            ? new ValueTask(Task.Delay(Timeout.Infinite, token)) : Refuse(records, token)
        };
        await using UsageTracker tracker = Tracker(sink, log, time, 10, TimeSpan.FromHours(1));

        foreach (string id in (string[])[Bad, "hangs", "1", "2", "3"])
        {
            await Streams.Finish(tracker, id).Completion;
        }

        await Streams.PassUntil(time, TimeSpan.FromSeconds(20), () => Dropped(log) == 2 && sink.Taken.Count == 3);
        sink.Ids.Should().BeEquivalentTo("1", "2", "3");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(23)]
    public async Task A_sink_that_comes_back_in_the_middle_of_the_search_gets_everything(int downAgainAfter)
    {
        // The sink takes nothing for so many calls that it comes back while others than the first are tried.
        for (int refusals = 10; refusals < 60; refusals += downAgainAfter)
        {
            int calls = 0, downFor = refusals;
            var log = new RecordingLog();
            var time = new FakeTimeProvider();
            var sink =
                new TestSink { Before = (_, _) => Interlocked.Increment(ref calls) <= downFor ? throw Fault : ValueTask.CompletedTask };
            await using UsageTracker tracker = Tracker(sink, log, time, 20);
            for (int i = 0; i < 30; i++)
            {
                await Streams.Finish(tracker, $"{i}").Completion;
            }

            await Streams.PassUntil(time, TimeSpan.FromSeconds(30), () => sink.Taken.Count + Dropped(log) == 30);
            Dropped(log).Should().Be(0, $"it was the sink, down for {refusals} calls");
            sink.Ids.Should().BeEquivalentTo(Enumerable.Range(0, 30).Select(i => $"{i}"));
        }
    }

    [Fact]
    public async Task A_sink_that_is_down_loses_nothing_however_often_it_is_tried()
    {
        bool isDown = true;
        var log = new RecordingLog();
        var time = new FakeTimeProvider();
        var sink = new TestSink { Before = (_, _) => Volatile.Read(ref isDown) ? throw Fault : ValueTask.CompletedTask };
        await using UsageTracker tracker = Tracker(sink, log, time, 5);
        for (int i = 0; i < 300; i++)
        {
            await Streams.Finish(tracker, $"{i}").Completion;
        }

        await Streams.PassUntil(time, TimeSpan.FromSeconds(30), () => sink.Calls.Count > 200);
        log.Lines.Should().ContainSingle(line => line.EventId == 10 && line.Level == LogLevel.Warning);
        Volatile.Write(ref isDown, false);
        await Streams.PassUntil(time, TimeSpan.FromSeconds(30), () => sink.Taken.Count == 300);

        sink.Ids.Should().OnlyHaveUniqueItems();
        sink.Calls.Should().OnlyContain(call => call.Length <= 5, "however many are looked at, a batch is no larger");
        Dropped(log).Should().Be(0);
    }

    [Fact]
    public async Task A_refused_record_ends_though_new_ones_keep_coming()
    {
        UsageTracker? tracker = null;
        var log = new RecordingLog();
        var time = new FakeTimeProvider();
        var sink = new TestSink();
        sink.Before = (records, _) =>
        {
            if (records[0].Context.RequestId != Bad)
            {
                return ValueTask.CompletedTask;
            }

            int taken = sink.Taken.Count;
            Streams.Finish(tracker!, "good");
            // The success of the good one counts once it has ended.
            SpinWait.SpinUntil(
                () => (sink.Taken.Count > taken && tracker!.GetSinkStatus()[0].QueueLength == 1) || Dropped(log) != 0,
                TimeSpan.FromSeconds(30));
            throw Fault;
        };
        await using (tracker = Tracker(sink, log, time, batchSize: 1, concurrentBatches: 2))
        {
            await Streams.Finish(tracker, Bad).Completion;
            await Streams.PassUntil(time, TimeSpan.FromSeconds(1), () => Dropped(log) == 1);
        }

        log.Lines.Should().ContainSingle(line => line.EventId == 3).Which.Fields.Should().Contain("Attempts", 6);
    }

    [Fact]
    public async Task A_refused_record_stays_while_the_sink_refuses_new_ones_too()
    {
        int badCalls = 0;
        bool isDown = false;
        UsageTracker tracker = null!; // Not disposed: where the test fails, nobody moves its clock on.
        var log = new RecordingLog();
        var time = new FakeTimeProvider();
        var sink = new TestSink();
        sink.Before = (records, _) =>
        {
            int calls = records[0].Context.RequestId == Bad ? Interlocked.Increment(ref badCalls) : 0;
            if (calls == 1)
            {
                Streams.Finish(tracker, "good");
                WaitUntil(() => !sink.Taken.IsEmpty && tracker.GetSinkStatus()[0].QueueLength == 1);
                Volatile.Write(ref isDown, true);
            }
            else if (calls == 2)
            {
                Streams.Finish(tracker, "other");
                WaitUntil(() => sink.Calls.Any(call => call[0] == "other"));
            }

            return Volatile.Read(ref isDown) ? throw Fault : ValueTask.CompletedTask;
        };
        tracker = Tracker(sink, log, time, batchSize: 1, concurrentBatches: 2, attempts: 1);
        await Streams.Finish(tracker, Bad).Completion;
        await Streams.PassUntil(time, TimeSpan.FromSeconds(1), () => Volatile.Read(ref badCalls) > 6 || Dropped(log) != 0);
        Dropped(log).Should().Be(0, "the sink is down since the second attempt");
        Volatile.Write(ref isDown, false);

        await Streams.PassUntil(time, TimeSpan.FromSeconds(1), () => sink.Taken.Count == 3);

        static void WaitUntil(Func<bool> hasHappened) =>
            SpinWait.SpinUntil(hasHappened, TimeSpan.FromSeconds(30)).Should().BeTrue();
    }

    [Fact]
    public async Task A_sink_that_is_down_is_not_called_without_a_pause()
    {
        var time = new FakeTimeProvider();
        var sink = new TestSink { Before = (_, _) => throw Fault };
        UsageTracker tracker = Tracker(sink, new RecordingLog(), time, batchSize: 1);
        await Streams.Finish(tracker).Completion;
        SpinWait.SpinUntil(() => sink.Calls.Count >= 2, TimeSpan.FromSeconds(30)).Should().BeTrue("the first pauses take no time");

        DateTimeOffset until = time.GetUtcNow() + TimeSpan.FromSeconds(1);
        await Streams.PassUntil(time, TimeSpan.FromMilliseconds(10), () => time.GetUtcNow() >= until);

        sink.Calls.Count.Should().BeInRange(2, 30, "it has a few attempts at once, and then pauses of 0.2 s or more");
    }

    private static ValueTask Refuse(IReadOnlyList<UsageRecord> records, CancellationToken cancellationToken) =>
        records.Any(record => record.Context.RequestId == Bad) ? throw Fault : ValueTask.CompletedTask;

    private static int Dropped(RecordingLog log) => log.Lines.Count(line => line.EventId == 3);

    // A test's time passes in leaps: none may end a call that is only waiting for its turn.
    private static UsageTracker Tracker(IUsageSink sink,
        RecordingLog log, FakeTimeProvider time, int batchSize, TimeSpan? sinkTimeout = null, int concurrentBatches = 1,
        int attempts = 2) => new(
            sink,
            new StreamUsageOptions
            {
                SinkTimeout = sinkTimeout ?? TimeSpan.FromDays(1),
                MaxDeliveryAttempts = attempts,
                RetryDelay = TimeSpan.Zero,
                Background = new BackgroundDeliveryOptions { MaxBatchSize = batchSize, MaxConcurrentBatches = concurrentBatches },
            },
            log,
            time);

    /// <summary>Leaves batches to the interface.</summary>
    private sealed class OneByOne(TestSink sink) : IUsageSink
    {
        public ValueTask RecordAsync(UsageRecord record, CancellationToken cancellationToken) =>
            sink.RecordAsync(record, cancellationToken);
    }
}
