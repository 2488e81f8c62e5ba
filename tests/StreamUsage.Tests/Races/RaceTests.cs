using System.Runtime.CompilerServices;
using StreamUsage.Tests.Linked;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Races;

/// <summary>Two or three things happen to one response at once, on real threads, thousands of times: there is exactly
/// one record, and every handle comes to its end.</summary>
public sealed class RaceTests
{
    private const int Rounds = 4000;

    private static readonly byte[] Start = Answers.Bytes(Answers.ClaudeStart);

    [Fact]
    public Task Dispose_during_a_pending_read() => RaceAsync(
        race => race.Swallow(() => race.Body.Pending.TrySetResult(Start)),
        race => race.Tracked.Dispose());

    [Fact]
    public Task Dispose_from_several_threads() => RaceAsync(
        race => race.Tracked.Dispose(),
        race => race.Tracked.DisposeAsync().AsTask().Wait(),
        race => race.Tracked.Close());

    [Fact]
    public Task Cancel_and_end_at_once() => RaceAsync(
        race => race.Cancellation.Cancel(),
        race => race.Body.Pending.TrySetResult([]),
        race => race.Tracked.Dispose());

    [Fact]
    public Task Break_and_dispose_at_once() => RaceAsync(
        race => race.Body.Pending.TrySetException(new IOException("reset")),
        race => race.Tracked.Dispose());

    [Fact]
    public Task Fail_while_the_body_ends() => RaceAsync(
        race => race.HasFailed = race.Tracking.Fail(418, "late"),
        race => race.Body.Pending.TrySetResult([]));

    [Fact]
    public Task Handles_are_read_while_the_body_ends() => RaceAsync(
        race => race.Body.Pending.TrySetResult(Start),
        race =>
        {
            for (int i = 0; i < 5; i++)
            {
                race.Tracking.Current.BytesReceived.Should().BeOneOf(0, Start.Length);
                _ = race.Tracking.Completion;
                _ = race.Tracking.Delivery;
            }

            race.Tracked.Dispose();
        });

    [Fact]
    public Task A_response_is_disposed_while_its_content_is_copied_and_disposed()
    {
        return RoundsAsync(async sink =>
        {
            HttpResponseMessage response = Track.Response(Answers.Claude);
            HttpContent content = response.Content;
            UsageTracking tracking = response.TrackUsage(sink.Tracker, Track.Nothing);
            HttpContent tracked = response.Content;
            await TogetherAsync(
                response.Dispose,
                tracked.Dispose,
                () => Swallow(() => tracked.CopyToAsync(Stream.Null).Wait()));
            content.Dispose();
            return (await tracking.Completion, tracking, null);
        });
    }

    [Fact]
    public async Task Abandoned_wrappers_are_recorded_once_each_though_some_end_meanwhile()
    {
        const int Count = 3000;
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink);
        List<UsageTracking> trackings = Abandon(tracker, Count);
        await Collector.CollectUntilAsync(() => trackings.All(tracking => tracking.Completion.IsCompleted));

        UsageRecord[] records = await Task.WhenAll(trackings.Select(tracking => tracking.Completion)).WaitAsync(TimeSpan.FromSeconds(60));
        records.Should().OnlyContain(
            record => record.Outcome == StreamOutcome.ClientAborted || record.Outcome == StreamOutcome.Interrupted);
        sink.Records.Select(record => record.Id).Should().BeEquivalentTo(records.Select(record => record.Id)).And.OnlyHaveUniqueItems();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<UsageTracking> Abandon(UsageTracker tracker, int count)
    {
        var trackings = new List<UsageTracking>();
        for (int i = 0; i < count; i++)
        {
            Stream tracked = tracker.Track(new MemoryStream(Start), Track.Nothing, out UsageTracking tracking);
            trackings.Add(tracking);
            if (i % 3 != 0)
            {
                _ = tracked.Read(new byte[i % 3 == 1 ? 10 : 1000]);
            }

            if (i % 100 == 0)
            {
                ThreadPool.UnsafeQueueUserWorkItem(
                    static stream => Swallow(() => _ = stream.Read(new byte[1])), tracked, preferLocal: false);
                GC.Collect(0);
            }
        }

        return trackings;
    }

    private static Task RaceAsync(params Action<Race>[] actors) => RoundsAsync(async sink =>
    {
        var race = new Race(sink.Tracker);
        Task<int> pending = race.Tracked.ReadAsync(new byte[4096], race.Cancellation.Token).AsTask();
        await TogetherAsync([.. actors.Select<Action<Race>, Action>(actor => () => actor(race))]);
        race.Body.Pending.TrySetResult([]);
        await Task.WhenAny(pending);
        _ = pending.Exception;
        race.Tracked.Dispose();
        return (await race.Tracking.Completion.WaitAsync(TimeSpan.FromSeconds(30)), race.Tracking, race.HasFailed);
    });

    private static async Task RoundsAsync(
        Func<(UsageTracker Tracker, RecordingSink Sink), Task<(UsageRecord Record, UsageTracking Tracking, bool? HasFailed)>> round)
    {
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink);
        for (int i = 0; i < Rounds; i++)
        {
            (UsageRecord record, UsageTracking tracking, bool? hasFailed) = await round((tracker, sink));
            (await tracking.Delivery).Should().Be(DeliveryResult.Delivered);
            if (tracking.Fail(500, "too late"))
            {
                Assert.Fail("a record was changed after it was made");
            }

            if (hasFailed is { } failed && failed != (record.StatusCode == 418))
            {
                Assert.Fail($"Fail said {failed}, the record {record.StatusCode}");
            }

            if (!ReferenceEquals(record, sink.Records.LastOrDefault()) || sink.Records.Count != 1)
            {
                Assert.Fail($"round {i} gave {sink.Records.Count} records");
            }

            sink.Records.Clear();
        }
    }

    // Runs the actors at once: each waits until all are there.
    private static Task TogetherAsync(params Action[] actors)
    {
        int missing = actors.Length;
        return Task.WhenAll(actors.Select(actor => Task.Run(() =>
        {
            Interlocked.Decrement(ref missing);
            var wait = default(SpinWait);
            while (Volatile.Read(ref missing) > 0)
            {
                wait.SpinOnce(sleep1Threshold: -1);
            }

            actor();
        })));
    }

    private static void Swallow(Action action)
    {
        try
        {
            action();
        }
        catch (Exception fault) when (fault is AggregateException or ObjectDisposedException or InvalidOperationException)
        {
        }
    }

    private sealed class Race
    {
        public Race(UsageTracker tracker)
        {
            Body = new PendingStream();
            Tracked = tracker.Track(Body, RaceTests.Context, out UsageTracking tracking);
            Tracking = tracking;
        }

        public PendingStream Body { get; }

        public Stream Tracked { get; }

        public UsageTracking Tracking { get; }

        public CancellationTokenSource Cancellation { get; } = new();

        public bool? HasFailed { get; set; }

        public void Swallow(Action action) => RaceTests.Swallow(action);
    }

    private static UsageContext Context => Track.Nothing;

    /// <summary>A stream whose read ends when the test, the token or a dispose says so.</summary>
    private sealed class PendingStream : MemoryStream
    {
        public TaskCompletionSource<byte[]> Pending { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            byte[] bytes = await Pending.Task.WaitAsync(cancellationToken);
            bytes.CopyTo(buffer);
            return bytes.Length;
        }

        protected override void Dispose(bool disposing)
        {
            Pending.TrySetException(new ObjectDisposedException("body"));
            base.Dispose(disposing);
        }
    }
}
