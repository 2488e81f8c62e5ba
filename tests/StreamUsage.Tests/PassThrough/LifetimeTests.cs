using System.Runtime.CompilerServices;
using StreamUsage.Tests.Linked;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.PassThrough;

/// <summary>Who lets go of a tracked body, and when: one record for each, and the body is disposed as it would have
/// been.</summary>
public sealed class LifetimeTests
{
    [Fact]
    public async Task Disposing_the_response_disposes_the_original_content()
    {
        var body = new ScriptedStream(Answers.Claude);
        HttpResponseMessage response = Track.Response(body);
        UsageTracking tracking = response.TrackUsage(new RecordingSink(), Track.Nothing);
        Stream stream = await response.Content.ReadAsStreamAsync();
        stream.ReadExactly(new byte[Answers.ClaudeStart.Length]);

        response.Dispose();

        body.DisposeCount.Should().BePositive();
        (await tracking.Completion).Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && r.Usage.InputTokens == 25);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Disposing_a_stream_twice_disposes_the_body_once_and_gives_one_record(bool isAsynchronous)
    {
        var body = new ScriptedStream(Answers.Claude);
        Stream tracked = Track.Stream(body, out UsageTracking tracking, out RecordingSink sink);

        for (int i = 0; i < 2; i++)
        {
            if (isAsynchronous)
            {
                await tracked.DisposeAsync();
            }
            else
            {
                tracked.Dispose();
            }
        }

        body.DisposeCount.Should().Be(1);
        (await tracking.Completion).Outcome.Should().Be(StreamOutcome.ClientAborted);
        sink.Records.Should().HaveCount(1);
    }

    [Fact]
    public async Task Dispose_from_another_thread_during_a_read_is_the_readers_leaving_and_not_a_broken_body()
    {
        var disposed = new TaskCompletionSource();
        var body = new ScriptedStream(Answers.ClaudeStart, disposed.Task, new ObjectDisposedException("body"));
        Stream tracked = Track.Stream(body, out UsageTracking tracking, out RecordingSink sink);
        _ = await tracked.ReadAsync(new byte[4096]);
        Task<int> read = tracked.ReadAsync(new byte[4096]).AsTask();
        await body.IsWaiting.Task;

        await Task.Run(tracked.Dispose);
        disposed.SetResult();

        await FluentActions.Awaiting(() => read).Should().ThrowAsync<ObjectDisposedException>();
        (await tracking.Completion)
            .Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && r.BytesReceived == Answers.ClaudeStart.Length);
        sink.Records.Should().HaveCount(1);
    }

    [Fact]
    public async Task A_read_that_ends_after_a_dispose_still_returns_its_bytes()
    {
        var bytesCome = new TaskCompletionSource();
        var body = new ScriptedStream(bytesCome.Task, Answers.Claude);
        Stream tracked = Track.Stream(body, out UsageTracking tracking, out _);
        Task<int> read = tracked.ReadAsync(new byte[4096]).AsTask();

        await Task.Run(tracked.Dispose);
        bytesCome.SetResult();

        (await read).Should().Be(Answers.ClaudeBytes.Length);
        (await tracking.Completion).Should().Match<UsageRecord>(r => r.Outcome == StreamOutcome.ClientAborted && r.BytesReceived == 0);
    }

    [Fact]
    public async Task A_body_that_is_to_stay_open_stays_open()
    {
        var body = new ScriptedStream(Answers.Claude);
        Stream tracked = Track.Stream(
            body, out UsageTracking tracking, out _, response: new TrackedResponse { LeaveOpen = true, StatusCode = 201 });

        await Track.ReadToEndAsync(tracked);
        await tracked.DisposeAsync();

        body.DisposeCount.Should().Be(0);
        (await tracking.Completion).Should().Match<UsageRecord>(r => r.StatusCode == 201 && r.HttpStatusCode == 201);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Completion_and_delivery_are_the_same_tasks_each_time(bool isAskedBefore)
    {
        Stream tracked = Track.Stream(new ScriptedStream(Answers.Claude), out UsageTracking tracking, out _);
        Task[] before = isAskedBefore ? [tracking.Completion, tracking.Delivery] : [];

        await Track.ReadToEndAsync(tracked);
        Task[] after = [tracking.Completion, tracking.Delivery];
        await Task.WhenAll(after);

        new Task[] { tracking.Completion, tracking.Delivery }.Should().Equal(after);
        before.Should().BeSubsetOf(after);
    }

    [Fact]
    public async Task A_reader_that_knows_the_length_need_not_read_past_it()
    {
        byte[] body = Answers.Bytes(Answers.ClaudeStart);
        using var response =
            new HttpResponseMessage { Content = new StreamContent(new ScriptedStream(body)) { Headers = { ContentLength = body.Length } } };
        UsageTracking tracking = response.TrackUsage(new RecordingSink(), Track.Nothing);

        (await response.Content.ReadAsStreamAsync()).ReadExactly(new byte[body.Length]);
        response.Dispose();

        (await tracking.Completion).Outcome
            .Should().Be(StreamOutcome.Interrupted, "the body was read whole and ends before its answer does");
    }

    [Fact]
    public async Task A_response_that_is_tracked_again_keeps_its_handle()
    {
        using HttpResponseMessage response = Track.Response(Answers.Claude);
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink);

        UsageTracking first = response.TrackUsage(tracker, Track.Nothing);
        UsageTracking second = response.TrackUsage(tracker, new UsageContext { RequestId = "again" });

        second.Should().BeSameAs(first);
        await response.Content.ReadAsByteArrayAsync();
        await first.Completion;
        sink.Records.Should().HaveCount(1);
    }

    [Fact]
    public void A_sink_has_one_default_tracker()
    {
        using HttpResponseMessage response = Track.Response(Answers.Claude);
        var sink = new RecordingSink();

        UsageTracking first = response.TrackUsage(sink, Track.Nothing);

        response.TrackUsage(sink, Track.Nothing).Should().BeSameAs(first);
    }

    [Fact]
    public async Task Two_trackers_both_record_and_each_once_in_whatever_order_they_are_asked()
    {
        using HttpResponseMessage response = Track.Response(Answers.Claude);
        var sinks = new[] { new RecordingSink(), new RecordingSink() };

        UsageTracking first = response.TrackUsage(sinks[0], Track.Nothing);
        UsageTracking second = response.TrackUsage(sinks[1], Track.Nothing);
        response.TrackUsage(sinks[0], Track.Nothing).Should().BeSameAs(first);

        (await response.Content.ReadAsStringAsync()).Should().Be(Answers.Claude);
        UsageRecord[] records = [await first.Completion, await second.Completion];
        records.Should().OnlyContain(r => r.Outcome == StreamOutcome.Completed && r.Usage.OutputTokens == 15)
            .And.OnlyHaveUniqueItems(r => r.Id);
        sinks.Should().OnlyContain(s => s.Records.Count == 1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_response_that_is_abandoned_is_recorded_when_it_is_collected_though_its_handle_is_held(int bytesToRead)
    {
        var sink = new RecordingSink();
        await using var tracker = new UsageTracker(sink);
        UsageTracking tracking = Abandon(tracker, bytesToRead);

        await Collector.CollectUntilAsync(() => tracking.Completion.IsCompleted);

        UsageRecord record = await tracking.Completion.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        record.Should().Match<UsageRecord>(
            r => r.Outcome == StreamOutcome.ClientAborted && r.StatusCode == 499 && r.BytesReceived == bytesToRead);
        sink.Records.Should().HaveCount(1);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static UsageTracking Abandon(UsageTracker tracker, int bytesToRead)
    {
        HttpResponseMessage response = Track.Response(Answers.Claude);
        UsageTracking tracking = response.TrackUsage(tracker, Track.Nothing);
        if (bytesToRead != 0)
        {
            response.Content.ReadAsStream().ReadExactly(new byte[bytesToRead]);
        }

        return tracking;
    }
}
