using Microsoft.Extensions.Time.Testing;
using StreamUsage.Tests.Support;

namespace StreamUsage.Tests.Delivery;

/// <summary>Lines about a sink that fails and comes back: at most one failure a minute.</summary>
public sealed class SinkHealthTests
{
    [Theory]
    [InlineData(59, 1)]
    [InlineData(60, 2)]
    public async Task A_sink_that_fails_again_is_reported_once_a_minute_has_passed(int seconds, int reports)
    {
        bool isDown = true;
        using var log = new RecordingLog();
        var time = new FakeTimeProvider();
        var sink = new TestSink { Before = (_, _) => Volatile.Read(ref isDown) ? throw new IOException() : ValueTask.CompletedTask };
        var tracker = new UsageTracker(sink, new StreamUsageOptions { MaxDeliveryAttempts = 1 }, log, time);

        await Streams.Finish(tracker).Completion;
        Volatile.Write(ref isDown, false);
        await Streams.Finish(tracker).Completion;
        time.Advance(TimeSpan.FromSeconds(seconds));
        Volatile.Write(ref isDown, true);
        await Streams.Finish(tracker).Completion;
        await tracker.DisposeAsync();

        log.Lines.Count(line => line.EventId == 10).Should().Be(reports);
        log.Lines.Should().ContainSingle(line => line.EventId == 11);
    }

    [Fact]
    public async Task The_queue_length_leaves_out_the_delivered_records_of_a_failed_batch()
    {
        var never = new TaskCompletionSource();
        var sink = new TestSink();
        sink.Before = (records, _) =>
            records.Count > 1 ? throw new IOException() : sink.Taken.IsEmpty ? ValueTask.CompletedTask : new ValueTask(never.Task);
        await using var tracker = new UsageTracker(sink, new StreamUsageOptions
        {
            RetryDelay = TimeSpan.Zero,
            Background = new BackgroundDeliveryOptions
            {
                MaxBatchSize = 2,
                MaxBatchDelay = TimeSpan.FromHours(1),
                ShutdownTimeout = TimeSpan.Zero,
            },
        });

        Streams.Finish(tracker);
        Streams.Finish(tracker);

        SpinWait.SpinUntil(() => sink.Calls.Count == 3, TimeSpan.FromSeconds(30)).Should().BeTrue("the second record hangs");
        tracker.GetSinkStatus().Should().ContainSingle().Which.QueueLength.Should().Be(1);
        never.SetResult();
    }

    [Fact]
    public async Task A_sink_that_is_back_has_no_failure()
    {
        bool isDown = true;
        var sink = new TestSink { Before = (_, _) => Volatile.Read(ref isDown) ? throw new IOException() : ValueTask.CompletedTask };
        await using var tracker = new UsageTracker(sink, new StreamUsageOptions { MaxDeliveryAttempts = 1 });

        await Streams.Finish(tracker).Completion;
        Status().LastError.Should().BeOfType<IOException>();
        Volatile.Write(ref isDown, false);
        await Streams.Finish(tracker).Completion;

        Status().Should().Match<SinkStatus>(status => status.LastError == null && status.FailingSince == null);

        SinkStatus Status() => tracker.GetSinkStatus().Should().ContainSingle().Subject;
    }
}
